import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createEmulator } from '../../src/emulator/app.ts'
import { startBystander } from './bystander.ts'
import { fuzzRequests, type RequestFuzzReport } from './fuzz-requests.ts'
import { readRestlessGauges } from './gauges.ts'
import { PROMPT } from './request-cases.ts'
import { startWatchedServer } from './watched-server.ts'

export interface RequestRun extends RequestFuzzReport {
  mode: 'none' | 'token'
  seconds: number
  logged: number
  rssBytes: number[]
  bystander: { calls: number, slowestMs: number }
}

const CALLERS = [{ name: 'ada', token: 'token-of-ada-0123456789' }, { name: 'bob', token: 'token-of-bob-0123456789' }]
const BYSTANDER = { name: 'eve', token: 'token-of-eve-0123456789' }
const API_KEY = 'sk-fuzz0123456789abcdef'

/** A server of its own for one mode of access, agents that answer at once, and normal clients beside the fuzzer. */
export async function runRequests (mode: 'none' | 'token', seed: number, count: number, log: (words: string) => void): Promise<RequestRun> {
  const emulator = createEmulator({ pace: 0, apiKey: API_KEY })
  const folder = await mkdtemp(path.join(tmpdir(), 'fuzz-'))
  const everybody = [...CALLERS, BYSTANDER]
  const server = await startWatchedServer({
    DUST_BASE_URL: await emulator.listen({ port: 0, host: '127.0.0.1' }),
    DUST_API_KEY: API_KEY,
    DUST_WORKSPACE_ID: emulator.emulator.settings.workspaceId,
    STORE_URL: `sqlite:${path.join(folder, 'store.db')}`,
    // What is refused for want of room would be a 5xx that is right.
    SESSION_LIMIT: '1000000',
    DUST_MAX_RUNS: '1000',
    DUST_RUN_TIMEOUT: '5s',
    DRAIN_TIMEOUT: '0s',
    AUTH_MODE: mode,
    // More wrong credentials come from one address than anybody would bring.
    RATE_LIMIT_WRONG_CREDENTIALS: '0',
    ...(mode === 'token' ? { AUTH_TOKENS: everybody.map(({ name, token }) => `${name}:${token}`).join() } : {})
  }, [API_KEY, PROMPT, ...everybody.map(({ token }) => token)])
  try {
    const ownToken = mode === 'token' ? BYSTANDER.token : null
    const bystanders = await Promise.all((['SDK v1', 'SDK v2 pinned'] as const).map((kind) => startBystander(kind, server.address, ownToken)))
    const rssBytes: number[] = []
    const startedAt = performance.now()
    const report = await fuzzRequests(server.address, {
      seed,
      count,
      tokens: mode === 'token' ? CALLERS : [{ name: 'anonymous', token: null }],
      onProgress: async (done) => {
        rssBytes.push(await server.rssBytes())
        log(`${mode}: ${done} requests`)
      }
    })
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    const left = await Promise.all(bystanders.map((bystander) => bystander.leave()))
    const restless = Object.entries(await readRestlessGauges(server.address)).map(([series, value]) => `${series} is still ${value}`)
    await server.stop()
    return {
      ...report,
      mode,
      seconds,
      rssBytes,
      logged: server.logged(),
      bystander: { calls: left.reduce((sum, { calls }) => sum + calls, 0), slowestMs: Math.max(...left.map(({ slowestMs }) => slowestMs)) },
      findings: [...report.findings, ...left.flatMap(({ findings }) => findings), ...restless, ...server.findings]
    }
  } finally {
    await server.stop()
    await emulator.close()
    await rm(folder, { recursive: true, force: true })
  }
}
