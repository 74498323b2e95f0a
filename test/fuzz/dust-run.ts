import { setTimeout as sleep } from 'node:timers/promises'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createEmulator } from '../../src/emulator/app.ts'
import { startBystander } from './bystander.ts'
import { fuzzDust, type DustFuzzReport } from './fuzz-dust.ts'
import { readRestlessGauges } from './gauges.ts'
import { MADE_UP } from './hostile-json.ts'
import { startHostileDust, type HostileDust } from './hostile-dust.ts'
import { PROMPT } from './request-cases.ts'
import { startStranger } from './stranger.ts'
import { startWatchedServer } from './watched-server.ts'

export interface DustRun extends DustFuzzReport {
  counts: HostileDust['counts']
  seconds: number
  logged: number
  rssBytes: number[]
}

const API_KEY = 'sk-fuzz0123456789abcdef'
const AGENTS_TTL_MS = 500

/** A server of its own, whose Dust answers nonsense, and then right again. */
export async function runDust (seed: number, count: number, log: (words: string) => void, clients?: number): Promise<DustRun> {
  const emulator = createEmulator({ pace: 0, apiKey: API_KEY, connectionLifetimeMs: 2000 })
  const stranger = await startStranger()
  const dust = await startHostileDust(await emulator.listen({ port: 0, host: '127.0.0.1' }), stranger.address, seed)
  const folder = await mkdtemp(path.join(tmpdir(), 'fuzz-'))
  const server = await startWatchedServer({
    DUST_BASE_URL: dust.address,
    DUST_API_KEY: API_KEY,
    DUST_WORKSPACE_ID: emulator.emulator.settings.workspaceId,
    STORE_URL: `sqlite:${path.join(folder, 'store.db')}`,
    SESSION_LIMIT: '1000000',
    DUST_MAX_RUNS: '1000',
    DUST_RUN_TIMEOUT: '4s',
    DUST_AGENTS_TTL: `${AGENTS_TTL_MS}ms`,
    HEALTH_CHECK_INTERVAL: '1s',
    DRAIN_TIMEOUT: '0s',
    LOG_LEVEL: 'debug'
  }, [API_KEY, PROMPT, MADE_UP])
  try {
    const rssBytes: number[] = []
    const startedAt = performance.now()
    const report = await fuzzDust(server.address, dust, {
      seed,
      count,
      ...(clients === undefined ? {} : { clients }),
      onProgress: async (done) => {
        rssBytes.push(await server.rssBytes())
        log(`${done} spoilt answers and events`)
      }
    })
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    const restless = Object.entries(await readRestlessGauges(server.address)).map(([series, value]) => `${series} is still ${value}`)
    // What Dust said of its agents last is forgotten by then.
    await sleep(AGENTS_TTL_MS)
    const findings = [...report.findings, ...stranger.findings, ...restless, ...await callAfterwards(server.address)]
    await server.stop()
    return { ...report, counts: dust.counts, seconds, rssBytes, logged: server.logged(), findings: [...findings, ...server.findings] }
  } finally {
    await server.stop()
    await dust.close()
    await stranger.close()
    await emulator.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** What is wrong with what normal clients get when Dust is itself again. */
async function callAfterwards (address: string): Promise<string[]> {
  const findings: string[] = []
  for (const kind of ['SDK v1', 'SDK v2 pinned'] as const) {
    try {
      const bystander = await startBystander(kind, address, null)
      findings.push(...(await bystander.leave()).findings)
    } catch (error) {
      findings.push(`afterwards, ${kind}: ${String(error)}`)
    }
  }
  return findings
}
