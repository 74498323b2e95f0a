import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { once } from 'node:events'
import { Writable } from 'node:stream'
import t, { type Test } from 'tap'
import { app, loadConfig, ToolError, type ToolResult } from '../../src/index.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { connect, initialize, JSON_HEADERS, messagesOf, openSession, post, startEmulator, toolCall, until } from '../helper.ts'

const settings = { DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', DUST_BASE_URL: 'http://127.0.0.1:9', STORE_URL: 'sqlite::memory:', DRAIN_TIMEOUT: '0s' }

/** A Fastify app with routes, hooks, an error handler and a logger of its own, which takes the service in. */
async function startHost (t: Test, environment: Record<string, string> = {}) {
  const logLines: Array<Record<string, unknown>> = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      logLines.push(Object(JSON.parse(String(chunk))))
      done()
    }
  })
  const host: FastifyInstance = Fastify({ logger: { level: 'info', base: { service: 'host' }, stream } })
  t.teardown(() => host.close())
  host.setErrorHandler((error, _request, reply) => reply.code(418).send({ host: String(error) }))
  host.addHook('onRequest', async (request, reply) => {
    reply.header('x-host', 'mine')
    if (request.headers['x-stranger'] !== undefined) return reply.code(401).send({ host: 'who are you?' })
  })
  host.get('/mine', async () => 'mine')
  host.get('/broken', async () => { throw new Error('mine is broken') })
  await host.register(app, { config: loadConfig({ ...settings, ...environment }) })
  host.mcp.addTool({ name: 'greet', description: 'Greets.', input: Type.Object({ name: Type.String() }) }, ({ name }) => {
    if (name === 'nobody') throw new ToolError('Nobody to greet.')
    return { text: `Hello ${name}` }
  })
  const address = await host.listen({ port: 0, host: '127.0.0.1' })
  return { host, address, logLines }
}

t.test('serves beside the routes of its host, which keep their errors', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startHost(t, environment)
  t.equal(await (await fetch(`${address}/mine`)).text(), 'mine')
  const broken = await fetch(`${address}/broken`)
  t.equal(broken.status, 418)
  t.same(await broken.json(), { host: 'Error: mine is broken' })

  const { client } = await connect(t, address)
  t.match(await client.callTool({ name: 'greet', arguments: { name: 'Ada' } }), { content: [{ text: 'Hello Ada' }] })
  t.match(await client.callTool({ name: 'greet', arguments: { name: 'nobody' } }), { isError: true, content: [{ text: 'Nobody to greet.' }] })
  t.match(await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Hello?' } }), { structuredContent: { status: 'succeeded' } })
  t.match(await (await postStateless(address, 'tools/call', { name: 'greet', arguments: { name: 'Bob' } })).json(), { result: { content: [{ text: 'Hello Bob' }] } })

  const malformed = await post(address, '{"jsonrpc":')
  t.equal(malformed.status, 400)
  t.match(await malformed.json(), { jsonrpc: '2.0', error: { code: -32700 } }, 'errors of MCP keep their shape, too')
})

t.test('the hooks of its host stand before it', async (t) => {
  const { address } = await startHost(t)
  const session = await openSession(address)
  const answered = await post(address, toolCall(1, 'greet', { name: 'Ada' }), session)
  t.equal(answered.headers.get('x-host'), 'mine')
  const streamed = await post(address, [toolCall(1, 'greet', { name: 'Ada' }), toolCall(2, 'greet', { name: 'Bob' })], session)
  t.equal(streamed.headers.get('content-type'), 'text/event-stream')
  t.equal(streamed.headers.get('x-host'), 'mine')
  t.equal(messagesOf(await streamed.text()).length, 2)
  const refused = await post(address, toolCall(3, 'greet', { name: 'Eve' }), { ...session, 'x-stranger': 'yes' })
  t.equal(refused.status, 401)
  t.same(await refused.json(), { host: 'who are you?' })
})

t.test('it logs as its host does, and measures its host, too', async (t) => {
  const { address, logLines } = await startHost(t)
  const session = await openSession(address)
  await post(address, toolCall(1, 'greet', { name: 'Ada' }), session)
  await fetch(`${address}/mine`)
  t.match(logLines.find(({ msg }) => msg === 'operation'), { service: 'host', mcp: { method: 'tools/call', tool: 'greet', outcome: 'success' } })
  t.equal((await readMetrics(address)).value('mcp_dust_server_http_requests_total', { method: 'GET', path: '/mine', status: 200 }), 1)
})

t.test('it closes with its host: streams end, what runs is told to stop', async (t) => {
  const { address, host } = await startHost(t)
  const aborted: string[] = []
  host.mcp.addTool({ name: 'wait', description: 'Waits until the end.', input: Type.Object({}) }, async (_args, { signal }) => new Promise<ToolResult>((resolve) => {
    signal.addEventListener('abort', () => {
      aborted.push(String(signal.reason))
      resolve({ text: 'stopped' })
    })
  }))
  const session = await openSession(address)
  const stream = await fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', ...session } })
  const call = post(address, toolCall(1, 'wait'), session)
  await until(async () => (await readMetrics(address)).value('mcp_dust_server_mcp_operations_in_flight', { mcp_method_name: 'tools/call' }) === 1)
  const closing = host.close()
  t.match(await (await call).text(), 'stopped')
  t.same(messagesOf(await stream.text()), [])
  await closing
  t.match(aborted, [/shutting down/])
  await t.rejects(fetch(`${address}/livez`))
})

t.test('what is injected for an operation is told why that ends', async (t) => {
  const { address, host } = await startHost(t)
  const reasons: string[] = []
  let isWaiting = false
  const untilAborted = async (signal: AbortSignal): Promise<void> => {
    isWaiting = true
    await once(signal, 'abort')
    reasons.push(String(signal.reason))
  }
  host.mcp.addTool({ name: 'inner', description: 'Waits until the end.', input: Type.Object({}) }, async (_args, { signal }) => {
    await untilAborted(signal)
    return { text: 'stopped' }
  })
  host.mcp.addTool({ name: 'outer', description: 'Calls the other one.', input: Type.Object({}) }, async (_args, { signal }) => {
    const { result } = await host.mcp.inject('tools/call', { name: 'inner', arguments: {} }, { signal })
    return { content: result.content }
  })
  const call = post(address, toolCall(1, 'outer'), await openSession(address))
  await until(() => isWaiting)
  const closing = host.close()
  t.match(await (await call).text(), 'stopped')
  await closing
  t.match(reasons, [/shutting down/])

  isWaiting = false
  const { host: other } = await startHost(t)
  other.mcp.addTool({ name: 'inner', description: 'Waits until the end.', input: Type.Object({}) }, async (_args, { signal }) => {
    await untilAborted(signal)
    return { text: 'stopped' }
  })
  const injecting = new AbortController()
  const injected = other.mcp.inject('tools/call', { name: 'inner', arguments: {} }, { signal: injecting.signal })
  await until(() => isWaiting)
  injecting.abort()
  t.match((await injected).result.content, [{ text: 'stopped' }])
  t.match(reasons[1], 'cancelled', 'whatever reason somebody gives')
})

t.test('two of them in one process share nothing', async (t) => {
  const [one, other] = await Promise.all([startHost(t), startHost(t, { METRICS_PREFIX: 'other' })])
  one.host.mcp.addTool({ name: 'only_here', description: 'Is here only.', input: Type.Object({}) }, () => ({ text: 'here' }))
  const session = await openSession(one.address)
  t.match(await (await post(one.address, toolCall(1, 'only_here'), session)).json(), { result: { content: [{ text: 'here' }] } })
  t.equal((await post(other.address, toolCall(1, 'only_here'), session)).status, 404, 'nor their sessions')
  t.notOk(other.host.mcp.toolNames.includes('only_here'))

  const calls = { mcp_method_name: 'tools/call', gen_ai_tool_name: 'only_here' }
  t.equal((await readMetrics(one.address)).value('mcp_server_operation_duration_seconds_count', calls), 1)
  t.equal((await readMetrics(other.address)).value('mcp_server_operation_duration_seconds_count', calls), 0)
  t.ok((await readMetrics(other.address)).types.has('other_active_sessions'))

  await one.host.close()
  t.equal((await fetch(`${other.address}/ready`)).status, 200, 'one closes, the other serves on')
})

t.test('two of them in one host live under their prefixes', async (t) => {
  const host = Fastify()
  t.teardown(() => host.close())
  for (const name of ['sales', 'support']) {
    await host.register(async (scope) => {
      await scope.register(app, { config: loadConfig({ ...settings, STATUS_PAGE: name === 'sales' ? 'on' : 'auto' }) })
      scope.mcp.addTool({ name, description: `Belongs to ${name}.`, input: Type.Object({}) }, () => ({ text: name }))
    }, { prefix: `/${name}` })
  }
  for (const name of ['sales', 'support']) {
    const initialized = await host.inject({ method: 'POST', url: `/${name}/mcp`, headers: JSON_HEADERS, payload: initialize })
    t.match(initialized.json(), { result: { serverInfo: { name: 'mcp-dust-server' } } })
    const listed = await host.inject({
      method: 'POST', url: `/${name}/mcp`, headers: { ...JSON_HEADERS, 'mcp-session-id': String(initialized.headers['mcp-session-id']) }, payload: toolCall(1, name)
    })
    t.match(listed.json(), { result: { content: [{ text: name }] } })
    const tricked = await host.inject({ method: 'POST', url: `/${name}/mcp`, headers: { ...JSON_HEADERS, host: 'evil.example' }, payload: initialize })
    t.equal(tricked.statusCode, 403, 'a browser can not be tricked into it there, either')
    t.match((await host.inject(`/${name}/metrics`)).body, `mcp_dust_server_http_requests_total{method="POST",path="/${name}/mcp",status="503"} 0`)
  }
  for (const [path, status] of Object.entries({ '/sales/': 200, '/sales/status/page.js': 200, '/support/': 404, '/': 404 })) {
    t.equal((await host.inject(path)).statusCode, status, `the status page is only where it was asked for: ${path}`)
  }
})
