import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { freePort } from '../fixtures/free-port.ts'
import { initialize, post, startEmulator, until } from '../helper.ts'
import { run, startServerProcess } from './server-process.ts'

const settings = { DUST_API_KEY: 'sk-demo', DUST_WORKSPACE_ID: 'demo', STORE_URL: 'sqlite::memory:' }

interface Health {
  status: string
  checks: Record<string, { status: string, reason?: string }>
}

async function healthOf (address: string): Promise<Health> {
  const response = await fetch(`${address}/health`)
  if (response.status !== 200) throw new Error(`/health answered ${response.status}`)
  return await response.json() as Health
}

t.test('wrong settings end the start: a line for each, nothing listens', async (t) => {
  const { ended, stderr, stdout } = run(t, 'src/server.ts', { DUST_API_KEY: '', DUST_WORKSPACE_ID: 'demo', PORT: 'abc', LOG_LEVEL: 'loud' })
  t.match(await ended, { code: 1, signal: null })
  t.match(stderr, [/^DUST_API_KEY is not set/, /^PORT is "abc"/, /^LOG_LEVEL is "loud"/])
  t.equal(stderr.length, 3)
  t.same(stdout, [])
})

t.test('a taken port is said in a line', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1')
  t.teardown(() => { taken.close() })
  await once(taken, 'listening')
  const { port } = Object(taken.address()) as { port: number }
  const { ended, stdout } = run(t, 'src/server.ts', { ...settings, PORT: String(port) })
  t.match(await ended, { code: 1 })
  t.match(stdout.join('\n'), `Port ${port} on 127.0.0.1 is taken`)
})

t.test('a store that can not be opened is said in a line', async (t) => {
  const { ended, stdout } = run(t, 'src/server.ts', { ...settings, STORE_URL: 'sqlite:/dev/null/x.db' })
  t.match(await ended, { code: 1 })
  t.match(stdout.join('\n'), /STORE_URL/)
})

t.test('a Redis that can not be reached is said in a line, without its password', async (t) => {
  const { ended, stdout, stderr } = run(t, 'src/server.ts', { ...settings, STORE_URL: `redis://:a-secret@127.0.0.1:${await freePort()}` })
  t.match(await ended, { code: 1 })
  t.match(stdout.join('\n'), /Redis can't be reached.*Set STORE_URL to a Redis/)
  t.notMatch([...stdout, ...stderr].join('\n'), /a-secret/)
})

t.test('logs JSON with the level as a word and the time as ISO 8601', async (t) => {
  const { environment } = await startEmulator(t)
  const server = await startServerProcess(t, { ...settings, ...environment })
  for (const line of server.stdout) {
    t.match(JSON.parse(line), { level: /^(info|warn)$/, time: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, service: 'mcp-dust-server', msg: String })
  }
})

t.test('is healthy when Dust accepts the key', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startServerProcess(t, { ...settings, ...environment })
  await until(async () => (await healthOf(address)).status === 'ok')
  t.match(await healthOf(address), { checks: { dustApi: { status: 'ok' }, database: { status: 'ok' } } })
  t.equal((await fetch(`${address}/ready`)).status, 200)
})

t.test('starts without Dust, and says what a person can do', async (t) => {
  const { environment } = await startEmulator(t)
  const troubles: Array<[string, Record<string, string>, RegExp]> = [
    ['wrong key, or the wrong region, where no key is known', { ...environment, DUST_API_KEY: 'sk-wrong' }, /DUST_API_KEY.*DUST_BASE_URL/],
    ['wrong workspace', { ...environment, DUST_WORKSPACE_ID: 'elsewhere' }, /DUST_WORKSPACE_ID/],
    ['unreachable', { DUST_BASE_URL: 'http://127.0.0.1:9' }, /DUST_BASE_URL/]
  ]
  for (const [trouble, changes, reason] of troubles) {
    const { address } = await startServerProcess(t, { ...settings, ...changes })
    await until(async () => (await healthOf(address)).checks['dustApi']?.status === 'error')
    const health = await healthOf(address)
    t.equal(health.status, 'degraded', trouble)
    t.match(health.checks['dustApi']?.reason, reason)
    t.notMatch(JSON.stringify(health), /sk-/)
    t.equal((await fetch(`${address}/ready`)).status, 200, 'and serves')
  }
})

t.test('the demo tells its story and ends', async (t) => {
  const { ended, stdout, stderr } = run(t, 'src/demo.ts', { PORT: '0' }, ['--once'])
  t.match(await ended, { code: 0 }, stderr.join('\n'))
  const story = stdout.join('\n')
  t.match(story, /Which agents are there\?[\s\S]*Researcher[\s\S]*\[Essayist got the message, in conversation \w+\][\s\S]*The final answer \(succeeded[\s\S]*\[Searching company data\][\s\S]*"status": "ok"[\s\S]*mcp_dust_server_agent_run_duration_seconds_count\{outcome="success"\} 2/)
})

t.test('the demo does not know other arguments', async (t) => {
  const { ended, stderr } = run(t, 'src/demo.ts', {}, ['--twice'])
  t.match(await ended, { code: 1 })
  t.match(stderr.join('\n'), /--twice[\s\S]*Usage: npm run demo/)
})

t.test('a token that was taken out of the file doesn\'t open the door any more after SIGHUP', async (t) => {
  const { environment } = await startEmulator(t)
  const file = path.join(t.testdir(), 'tokens')
  writeFileSync(file, 'ada:the-token-of-ada-is-long')
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:', AUTH_MODE: 'token', AUTH_TOKENS_FILE: file })
  const status = async (): Promise<number> => (await post(server.address, initialize, { authorization: 'Bearer the-token-of-ada-is-long' })).status
  t.equal(await status(), 200)
  writeFileSync(file, 'bob:the-token-of-bob-is-long')
  server.child.kill('SIGHUP')
  await until(async () => await status() === 401)
})
