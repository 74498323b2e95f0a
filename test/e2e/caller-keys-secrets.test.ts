import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startDustWorkspaces } from '../fixtures/dust-workspaces.ts'
import { startRedis } from '../fixtures/redis.ts'
import { post, until } from '../helper.ts'
import { CLIENTS, connectAs } from './clients/connect-as.ts'
import { run, startServerProcess } from './server-process.ts'

const KEY = 'sk-c0ffee0123456789c0ffee0123456789'
const WRONG = 'sk-badbad0123456789badbad0123456789'
const HEADERS = { 'x-dust-api-key': KEY, 'x-dust-workspace-id': 'north' }

/** Everything that callers with keys can do wrong and right, in every lane; then all that the server has said and kept. */
async function exercise (t: Test, storeUrl: string, folder: string): Promise<string> {
  const { address: dust, emulators } = await startDustWorkspaces(t, { north: [KEY] }, { pace: 0 })
  const said: string[] = []
  const server = await startServerProcess(t, {
    DUST_BASE_URL: dust, DUST_KEY_PASSTHROUGH: 'true', STORE_URL: storeUrl, LOG_LEVEL: 'trace', LOG_FILE: path.join(folder, 'server.log'), DRAIN_TIMEOUT: '0s'
  })
  for (const { kind } of CLIENTS) {
    const client = await connectAs(t, kind, server.address, { headers: HEADERS })
    const { structured } = await client.call('dust_ask_agent', { agent: 'researcher', message: 'What is a mutex?' }, { onProgress: () => {} })
    const { conversationId } = structured
    said.push(JSON.stringify(await client.call('dust_get_conversation', { conversationId })), await client.read('dust://agents'))
    emulators.north.faults.replace([{ kind: 'error', operation: 'conversations.get', status: 500, type: 'internal_server_error', message: `no ${KEY} for you`, times: 'always' }])
    said.push((await client.call('dust_get_conversation', { conversationId })).text)
    emulators.north.faults.replace([{ kind: 'error', operation: 'agents.get', status: 401, type: 'strange_type', message: `what is ${KEY}?`, times: 'always' }])
    said.push((await client.call('dust_get_agent', { agent: 'unlisted' })).text)
    emulators.north.faults.replace([])
    const wrong = await connectAs(t, kind, server.address, { headers: { ...HEADERS, 'x-dust-api-key': WRONG } })
    said.push((await wrong.call('dust_ask_agent', { agent: 'dust', message: 'Hi?' })).text)
  }
  for (const headers of [{ 'x-dust-api-key': KEY }, { ...HEADERS, 'x-dust-workspace-id': KEY + '/' }, { ...HEADERS, 'x-dust-api-key': `${KEY} ${WRONG}` }, { ...HEADERS, 'mcp-session-id': 'none' }]) {
    said.push(await (await post(server.address, { jsonrpc: '2.0', id: 1, method: 'ping' }, headers)).text())
    said.push(await (await post(server.address, '{ "broken": ', headers)).text())
    said.push(await (await fetch(`${server.address}/nowhere`, { headers })).text())
    said.push(await (await fetch(`${server.address}/mcp`, { method: 'PATCH', headers })).text())
  }
  for (const page of ['/metrics', '/health', '/ready']) said.push(await (await fetch(server.address + page)).text())
  server.child.kill('SIGTERM')
  await server.ended
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return [...said, ...server.stdout, ...files.map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))].join('\n')
}

function expectNoKey (t: Test, all: string): void {
  t.match(all, 'What is a mutex?', 'prompts are there, as documented: what is looked through has all that is kept')
  t.match(all, /anonymous#[\w-]{22}/, 'and who asked')
  for (const key of [KEY, WRONG]) {
    const bytes = Buffer.from(key)
    for (const form of [key.slice(3), key.slice(3, 15), bytes.toString('hex'), bytes.toString('base64').slice(0, 20), bytes.toString('base64url').slice(0, 20)]) t.equal(all.indexOf(form), -1)
  }
}

t.test('no key is in logs, metrics, health, errors or the SQLite file', async (t) => {
  const folder = t.testdir()
  expectNoKey(t, await exercise(t, `sqlite:${path.join(folder, 'store.db')}`, folder))
})

t.test('nor in what Redis writes, be it removed since', async (t) => {
  const folder = t.testdir({ redis: {}, server: {} })
  const redis = await startRedis(t, { folder: path.join(folder, 'redis') })
  if (redis === null) return
  const said = await exercise(t, redis.url, path.join(folder, 'server'))
  await until(async () => (await redis.command('DBSIZE')) !== 0)
  await redis.stop()
  const kept = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'latin1'))
  expectNoKey(t, [said, ...kept].join('\n'))
})

t.test('nor does a start that is refused repeat one', async (t) => {
  const program = run(t, 'src/server.ts', { DUST_KEY_PASSTHROUGH: 'true', DUST_API_KEY: KEY, READY_REQUIRES_DUST: 'true' })
  const { code } = await program.ended
  t.not(code, 0)
  t.match(program.stderr.join('\n'), /DUST_WORKSPACE_ID is not set/)
  t.notMatch([...program.stderr, ...program.stdout].join('\n'), KEY)
})
