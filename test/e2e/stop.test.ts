import { once } from 'node:events'
import { connect as openSocket } from 'node:net'
import path from 'node:path'
import t from 'tap'
import { postStateless } from '../fixtures/stateless.ts'
import { connect, initialize, messagesOf, openSession, post, startEmulator, toolCall, until } from '../helper.ts'
import { startServerProcess } from './server-process.ts'

t.test('a session goes on after the process was killed and started again', async (t) => {
  const { environment } = await startEmulator(t)
  const file = path.join(t.testdir(), 'sessions.db')
  const settings = { ...environment, STORE_URL: `sqlite:${file}` }

  const first = await startServerProcess(t, settings)
  const { port } = new URL(first.address)
  const { client } = await connect(t, first.address)
  const before = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } })
  const { conversationId } = Object(before.structuredContent) as { conversationId: string }
  first.child.kill('SIGKILL')
  t.match(await first.ended, { signal: 'SIGKILL' })

  await startServerProcess(t, { ...settings, PORT: port })
  const after = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Still there?', conversationId } })
  t.match(after.structuredContent, { status: 'succeeded', conversationId, answer: /Are you there\?/ })
})

t.test('SIGTERM during an answer: the answer arrives, the process ends well', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 0.1 })
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:' })
  const { client } = await connect(t, server.address)
  const answer = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Go on' } })
  await until(() => emulator.emulator.workspace.runs.size === 1)
  server.child.kill('SIGTERM')
  t.match((await answer).structuredContent, { status: 'succeeded' })
  t.match(await server.ended, { code: 0, signal: null })
})

t.test('before it closes the door it says that it is not ready, for SHUTDOWN_DELAY', async (t) => {
  const { environment } = await startEmulator(t)
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:', SHUTDOWN_DELAY: '1s' })
  const session = await openSession(server.address)
  server.child.kill('SIGTERM')
  await until(async () => (await fetch(`${server.address}/ready`)).status === 503)
  t.equal((await post(server.address, { jsonrpc: '2.0', id: 1, method: 'ping' }, session)).status, 200, 'and still serves')
  t.equal((await fetch(`${server.address}/livez`)).status, 200)
  t.match(await server.ended, { code: 0 })
})

t.test('while calls run to their end it can be watched, takes cancels, and refuses new calls', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 5 })
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:' })
  const session = await openSession(server.address)
  const call = post(server.address, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'Slowly' }), session)
  await until(() => emulator.emulator.workspace.runs.size === 1)
  server.child.kill('SIGTERM')
  await until(async () => (await post(server.address, { jsonrpc: '2.0', id: 2, method: 'ping' }, session)).status === 503)
  const refused = [await post(server.address, initialize), await postStateless(server.address, 'tools/list'), await fetch(`${server.address}/mcp`, { headers: { accept: 'text/event-stream', ...session } })]
  for (const response of refused) {
    t.equal(response.status, 503)
    t.equal(response.headers.get('retry-after'), '1')
    t.match(await response.json(), { jsonrpc: '2.0', error: { code: -32000, message: /stopping/ } })
  }
  for (const [path, status] of [['/metrics', 200], ['/livez', 200], ['/health', 200], ['/ready', 503]] as const) t.equal((await fetch(server.address + path)).status, status, path)
  t.equal((await post(server.address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session)).status, 202)
  t.same(messagesOf(await (await call).text()).filter((message) => Object(message).id === 1), [])
  t.match(await server.ended, { code: 0 })
  t.equal(emulator.emulator.cancels.length, 1)
})

t.test('a call that runs longer than DRAIN_TIMEOUT is told, and its run goes on in Dust', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 5 })
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:', DRAIN_TIMEOUT: '200ms' })
  const session = await openSession(server.address)
  const call = post(server.address, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'Slowly' }), session)
  await until(() => emulator.emulator.workspace.runs.size === 1)
  server.child.kill('SIGTERM')
  const response = await call
  const body = await response.text()
  const answer = response.headers.get('content-type') === 'text/event-stream' ? messagesOf(body).at(-1) : JSON.parse(body) as unknown
  t.match(answer, { id: 1, result: { structuredContent: { status: 'running' }, content: [{ text: /shutting down.*dust_get_conversation/s }] } })
  t.match(await server.ended, { code: 0 })
  t.equal(emulator.emulator.cancels.length, 0)
})

t.test('idle streams and silent connections do not keep it from ending', async (t) => {
  const { environment } = await startEmulator(t)
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:' })
  const session = await openSession(server.address)
  const stream = await fetch(`${server.address}/mcp`, { headers: { accept: 'text/event-stream', ...session } })
  const silent = openSocket(Number(new URL(server.address).port), '127.0.0.1')
  await once(silent, 'connect')
  server.child.kill('SIGINT')
  t.same(messagesOf(await stream.text()), [], 'the stream ends in order')
  t.match(await server.ended, { code: 0 })
})

t.test('a second signal ends it at once', async (t) => {
  const { environment } = await startEmulator(t)
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:', SHUTDOWN_DELAY: '1h' })
  server.child.kill('SIGTERM')
  await until(async () => (await fetch(`${server.address}/ready`)).status === 503)
  server.child.kill('SIGTERM')
  t.match(await server.ended, { code: 1 })
})
