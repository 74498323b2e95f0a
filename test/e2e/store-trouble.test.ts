import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import { execFileSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import { requireRoot } from '../fixtures/programs.ts'
import { startRedis } from '../fixtures/redis.ts'
import { connect, initialize, post, startEmulator, toolCall, until } from '../helper.ts'
import { textOf } from './progress-text.ts'
import { startServerProcess } from './server-process.ts'

/** A store, and what can happen to it. */
interface Trouble {
  url: string
  begin: () => Promise<void> | void
  end: () => Promise<void> | void
}

/** `null` where it can't be had. */
const TROUBLES: Record<string, (t: Test) => Promise<Trouble | null>> = {
  'Redis is away': async (t) => {
    const redis = await startRedis(t)
    return redis && { url: redis.url, begin: () => redis.stop(), end: () => redis.start() }
  },
  'Redis hangs': async (t) => {
    const redis = await startRedis(t)
    return redis && { url: redis.url, begin: () => { redis.pause() }, end: () => { redis.resume() } }
  },
  'SQLite is locked': async (t) => {
    const file = path.join(t.testdir(), 'store.db')
    const other = new DatabaseSync(file)
    t.teardown(() => { other.close() })
    return { url: `sqlite:${file}`, begin: () => { other.exec('BEGIN IMMEDIATE') }, end: () => { other.exec('ROLLBACK') } }
  },
  'the disk is full': async (t) => {
    if (!requireRoot(t)) return null
    const disk = mkdtempSync(path.join(tmpdir(), 'small-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', disk])
    t.teardown(() => {
      // The server that has files there is only about to end.
      execFileSync('umount', ['--lazy', disk])
      rmdirSync(disk)
    })
    const ballast = path.join(disk, 'ballast')
    return { url: `sqlite:${path.join(disk, 'store.db')}`, begin: () => { fill(ballast) }, end: () => { rmSync(ballast) } }
  }
}

/** Takes all the room that there is. */
function fill (file: string): void {
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) appendFileSync(file, Buffer.alloc(size))
    } catch (error) {
      if (Object(error).code !== 'ENOSPC') throw error
    }
  }
}

/** A server with this store. */
async function start (t: Test, url: string) {
  const { emulator, environment } = await startEmulator(t, { pace: 0.5 })
  const server = await startServerProcess(t, { ...environment, STORE_URL: url, HEALTH_CHECK_INTERVAL: '200ms', DRAIN_TIMEOUT: '1s' })
  return { emulator, server, ...await connect(t, server.address) }
}

for (const [name, prepare] of Object.entries(TROUBLES)) {
  t.test(`${name} for a while: clear errors meanwhile, and a running call comes to its end, each piece once`, async (t) => {
    const trouble = await prepare(t)
    if (trouble === null) return
    const { emulator, server, client } = await start(t, trouble.url)
    const progress: Progress[] = []
    const answer = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Go on' } }, undefined, { onprogress: (step) => { progress.push(step) } })
    await until(() => textOf(progress).length > 20)
    await trouble.begin()
    await until(async () => (await fetch(`${server.address}/ready`)).status === 503)
    t.equal((await fetch(`${server.address}/livez`)).status, 200)
    const refused = await post(server.address, initialize)
    t.equal(refused.status, 503)
    t.match(await refused.json(), { error: { code: -32603, message: /store can't be reached/ } })

    await trouble.end()
    await until(async () => (await fetch(`${server.address}/ready`)).status === 200)
    const { structuredContent } = await answer
    t.match(structuredContent, { status: 'succeeded' })
    t.equal(textOf(progress), Object(structuredContent).answer)
    t.equal(emulator.emulator.workspace.runs.size, 1)
    t.equal((await post(server.address, initialize)).status, 200)
  })
}

t.test('a call that comes while Redis hangs is refused, not left in silence, and never begun', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { emulator, server, transport } = await start(t, redis.url)
  const call = toolCall('asked', 'dust_ask_agent', { agent: 'dust', message: 'Are you there?' })
  redis.pause()
  const response = await post(server.address, call, { 'mcp-session-id': String(transport.sessionId) })
  t.equal(response.status, 503)
  t.match(await response.json(), { error: { code: -32603, message: /store can't be reached/ } })
  redis.resume()
  await until(async () => (await fetch(`${server.address}/ready`)).status === 200)
  // What Redis was asked to begin, it began when it woke up.
  await until(async () => await redis.command('ZCARD', 'mcp:streams:calls') === 0)
  t.equal(emulator.emulator.workspace.runs.size, 0)
})

t.test('a server whose store is away ends in time', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { server, client } = await start(t, redis.url)
  client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Go on' } }).catch(() => {}) // nobody is there to be answered
  await redis.stop()
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 0, signal: null })
})
