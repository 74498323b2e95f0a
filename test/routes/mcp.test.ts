import { Type } from '@sinclair/typebox'
import { once } from 'node:events'
import t, { type Test } from 'tap'
import { addTestTools, type TestTools } from '../fixtures/tools.ts'
import { initialize, JSON_HEADERS, messagesOf, openSession, post, startServiceAlone, toolCall, until } from '../helper.ts'

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

async function start (t: Test, environment: Record<string, string> = {}) {
  const holder: { tools?: TestTools } = {}
  const running = await startServiceAlone(t, environment, (service) => { holder.tools = addTestTools(service) })
  if (holder.tools === undefined) throw new Error('The test tools were not registered')
  return { ...running, tools: holder.tools }
}

async function listen (t: Test, address: string, headers: Record<string, string>): Promise<Response> {
  const stopped = new AbortController()
  t.teardown(() => { stopped.abort() })
  return fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', ...headers }, signal: stopped.signal })
}

t.test('initialize opens a session', async (t) => {
  const { address } = await start(t)
  const response = await post(address, initialize)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.match(response.headers.get('mcp-session-id'), /^[\w-]{36}$/)
  t.match(await response.json(), { jsonrpc: '2.0', id: 0, result: { protocolVersion: '2025-11-25', serverInfo: { name: 'mcp-dust-server' }, capabilities: { tools: {}, logging: {} } } })
})

t.test('initialize agrees on the revision that the client asks for, or else on the newest', async (t) => {
  const { address } = await start(t)
  for (const [asked, agreed] of [['2024-11-05', '2024-11-05'], ['2025-06-18', '2025-06-18'], ['2099-01-01', '2025-11-25']]) {
    const response = await post(address, { ...initialize, params: { ...initialize.params, protocolVersion: asked } })
    t.match(await response.json(), { result: { protocolVersion: agreed } })
  }
})

t.test('initialize with wrong params is refused', async (t) => {
  const { address } = await start(t)
  const response = await post(address, { ...initialize, params: {} })
  t.equal(response.status, 400)
  t.match(await response.json(), { id: 0, error: { code: -32602 } })
})

t.test('initialize in a session or in a batch is refused', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const second = await post(address, initialize, session)
  t.equal(second.status, 400)
  t.match(await second.json(), { error: { code: -32600 } })
  const batch = await post(address, [initialize, ping])
  t.equal(batch.status, 400)
  t.match(await batch.json(), { error: { code: -32600 } })
})

t.test('a session is needed, and must exist', async (t) => {
  const { address } = await start(t)
  const without = await post(address, ping)
  t.equal(without.status, 400)
  t.match(await without.json(), { jsonrpc: '2.0', id: null, error: { code: -32000 } })
  for (const method of ['POST', 'GET', 'DELETE']) {
    const unknown = await fetch(`${address}/mcp`, {
      method, headers: { ...JSON_HEADERS, 'mcp-session-id': 'nobody' }, ...(method === 'POST' ? { body: JSON.stringify(ping) } : { headers: { accept: 'text/event-stream', 'mcp-session-id': 'nobody' } })
    })
    t.equal(unknown.status, 404, method)
    t.match(await unknown.json(), { error: { code: -32001, message: 'Session not found' } })
  }
})

t.test('a session is deleted, too, by clients that declare a body where there is none', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const deletion = await fetch(`${address}/mcp`, { method: 'DELETE', headers: { ...session, 'content-type': 'application/json' } })
  t.equal(deletion.status, 200)
  t.equal((await post(address, ping, session)).status, 404)
})

t.test('a deleted session does not exist any more', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const deletion = await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })
  t.equal(deletion.status, 200)
  t.equal((await post(address, ping, session)).status, 404)
  t.equal((await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })).status, 404)
})

t.test('an unknown protocol version is refused with the known ones; none is fine', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const wrong = await post(address, ping, { ...session, 'mcp-protocol-version': '1999-01-01' })
  t.equal(wrong.status, 400)
  t.match(await wrong.json(), { error: { code: -32000, message: /2025-11-25.*2024-11-05/ } })
  t.equal((await post(address, ping, { ...session, 'mcp-protocol-version': '2025-06-18' })).status, 200)
  t.equal((await post(address, ping, session)).status, 200)
})

t.test('the client must accept both JSON and event streams', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  for (const accept of ['application/json', 'text/event-stream', '*/*']) {
    const response = await post(address, ping, { ...session, accept })
    t.equal(response.status, 406, accept)
    t.match(await response.json(), { error: { code: -32000 } })
  }
  const get = await fetch(`${address}/mcp`, { headers: { ...session, accept: 'application/json' } })
  t.equal(get.status, 406)
})

t.test('a body that is not JSON, or not said to be, is refused', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const type = await post(address, ping, { ...session, 'content-type': 'text/plain' })
  t.equal(type.status, 415)
  t.match(await type.json(), { jsonrpc: '2.0', error: { code: -32000 } })
  for (const body of ['{"jsonrpc":', '', 'hello']) {
    const response = await post(address, body, session)
    t.equal(response.status, 400, JSON.stringify(body))
    t.match(await response.json(), { jsonrpc: '2.0', id: null, error: { code: -32700 } })
  }
})

t.test('JSON that is not JSON-RPC is refused', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const wrong = [
    {}, [], null, 'text', 7, [[ping]], { id: 1, method: 'ping' }, { jsonrpc: '1.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', id: 1 },
    { jsonrpc: '2.0', id: null, method: 'ping' }, { jsonrpc: '2.0', id: 1.5, method: 'ping' }, { jsonrpc: '2.0', id: 1, method: 5 },
    { jsonrpc: '2.0', id: 1, method: 'ping', params: [1] }, { jsonrpc: '2.0', id: 1, method: 'ping', params: { _meta: { progressToken: {} } } },
    { jsonrpc: '2.0', id: 1, result: 5 }, Array(101).fill(ping)
  ]
  for (const body of wrong) {
    const response = await post(address, JSON.stringify(body), session)
    t.equal(response.status, 400, JSON.stringify(body).slice(0, 60))
    t.match(await response.json(), { jsonrpc: '2.0', error: { code: -32600 } })
  }
})

t.test('a body that is too large is refused', async (t) => {
  const { address } = await start(t, { BODY_LIMIT: '1k' })
  const response = await post(address, { ...ping, params: { padding: 'x'.repeat(2000) } })
  t.equal(response.status, 413)
  t.match(await response.json(), { jsonrpc: '2.0', error: { code: -32000 } })
})

t.test('other methods are refused with the allowed ones', async (t) => {
  const { address } = await start(t)
  for (const method of ['PUT', 'PATCH', 'OPTIONS', 'HEAD', 'PROPFIND', 'LOCK']) {
    const response = await fetch(`${address}/mcp`, { method, headers: { 'content-type': 'application/json' } })
    t.equal(response.status, 405, method)
    t.equal(response.headers.get('allow'), 'GET, POST, DELETE')
    if (method !== 'HEAD') t.match(await response.json(), { error: { code: -32000 } })
  }
})

t.test('notifications and answers are accepted without a body', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  for (const body of [{ jsonrpc: '2.0', method: 'notifications/whatever' }, { jsonrpc: '2.0', id: 7, result: {} }]) {
    const response = await post(address, body, session)
    t.equal(response.status, 202)
    t.equal(await response.text(), '')
  }
})

t.test('a quick and silent request is answered as JSON', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const response = await post(address, toolCall('a', 'echo', { text: 'hi', times: 2 }), session)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.equal(response.headers.get('mcp-session-id'), session['mcp-session-id'])
  t.same(await response.json(), { jsonrpc: '2.0', id: 'a', result: { content: [{ type: 'text', text: '{"text":"hihi"}' }], structuredContent: { text: 'hihi' } } })
})

t.test('the first notification turns the answer into an event stream', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const response = await post(address, toolCall(5, 'progress', {}, 'token'), session)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  t.equal(response.headers.get('x-accel-buffering'), 'no')
  t.equal(response.headers.get('mcp-session-id'), session['mcp-session-id'])
  t.match(messagesOf(await response.text()), [
    { method: 'notifications/progress', params: { progressToken: 'token', progress: 1, message: 'one' } },
    { method: 'notifications/progress', params: { progressToken: 'token', progress: 5, total: 10, message: 'two', _meta: { 'test/kind': 'x' } } },
    { method: 'notifications/progress', params: { progressToken: 'token', progress: 6, message: 'three' } },
    { method: 'notifications/message', params: { level: 'warning', data: { careful: true }, logger: 'test' } },
    { id: 5, result: { content: [{ type: 'text', text: 'done' }] } }
  ])
})

t.test('without a progress token there is no progress, and the log level is the client\'s', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const quiet = await post(address, { jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'error' } }, session)
  t.same(await quiet.json(), { jsonrpc: '2.0', id: 1, result: {} })
  t.match(await (await post(address, toolCall(2, 'progress'), session)).json(), { id: 2, result: {} })
  await post(address, { jsonrpc: '2.0', id: 3, method: 'logging/setLevel', params: { level: 'debug' } }, session)
  const loud = messagesOf(await (await post(address, toolCall(4, 'progress'), session)).text())
  t.match(loud, [{ params: { level: 'debug' } }, { params: { level: 'warning' } }, { id: 4 }])
})

t.test('a request that takes long is answered on an event stream', async (t) => {
  const { address, tools } = await start(t)
  const session = await openSession(address)
  const response = await post(address, toolCall(1, 'wait'), session) // resolves with the head of the reply
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  tools.release()
  t.match(messagesOf(await response.text()), [{ id: 1, result: { content: [{ text: 'waited' }] } }])
})

t.test('a batch is answered on one event stream', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const response = await post(address, [ping, toolCall(2, 'echo', { text: 'x' }), { jsonrpc: '2.0', method: 'notifications/x' }, { jsonrpc: '2.0', id: 3, method: 'nonsense' }], session)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  const answers = messagesOf(await response.text())
  t.equal(answers.length, 3)
  t.match(new Set(answers.map((answer) => Object(answer).id)), new Set([1, 2, 3]))
})

t.test('the id of a running request can not be used again', async (t) => {
  const { address, tools } = await start(t)
  const session = await openSession(address)
  const first = post(address, toolCall(1, 'wait'), session)
  await until(() => tools.begun === 1)
  const second = await post(address, toolCall(1, 'echo', { text: 'x' }), session)
  t.equal(second.status, 400)
  t.match(await second.json(), { error: { code: -32600 } })
  tools.release()
  t.match(await (await first).json(), { id: 1, result: {} })
  const twice = await post(address, [ping, ping], session)
  t.equal(twice.status, 400, 'nor twice in one batch')
})

t.test('a cancelled request is aborted and its reply ends without an answer', async (t) => {
  const { address, tools } = await start(t)
  const session = await openSession(address)
  for (const id of [0, 'text', '\ud800']) {
    const call = post(address, toolCall(id, 'wait'), session)
    const begun = tools.begun
    await until(() => tools.begun > begun)
    const cancel = await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } }, session)
    t.equal(cancel.status, 202)
    t.same(messagesOf(await (await call).text()), [])
  }
  t.match(tools.aborted, [/cancelled/, /cancelled/, /cancelled/])
})

t.test('a request whose cancel comes with it in one batch never begins', async (t) => {
  const { address, tools } = await start(t)
  const session = await openSession(address)
  const response = await post(address, [toolCall(1, 'wait'), { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }], session)
  t.equal(response.status, 200)
  t.same(messagesOf(await response.text()), [])
  t.equal((await post(address, toolCall(1, 'echo', { text: 'hello' }), session)).status, 200, 'its id is free')
  t.equal(tools.begun, 0)
})

t.test('a cancelled id can be used again only when its call has stopped', async (t) => {
  const { address } = await startServiceAlone(t, {}, (service) => {
    service.mcp.addTool({ name: 'stubborn', description: 'Stops late.', input: Type.Object({}) }, async (_args, { signal }) => {
      await once(signal, 'abort')
      await new Promise<void>((resolve) => { stop = resolve })
      return { text: 'late' }
    })
    addTestTools(service)
  })
  let stop: (() => void) | undefined
  const session = await openSession(address)
  const call = post(address, toolCall(1, 'stubborn'), session)
  await until(async () => {
    await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session)
    return stop !== undefined
  })
  t.same(messagesOf(await (await call).text()), [])
  const echo = toolCall(1, 'echo', { text: 'x' })
  t.equal((await post(address, echo, session)).status, 400)
  stop?.()
  await until(async () => {
    const again = await post(address, echo, session)
    if (again.status === 200) t.match(await again.json(), { id: 1, result: { structuredContent: { text: 'x' } } }, 'its own answer')
    return again.status === 200
  })
})

t.test('a body that is nested too deep, or an initialize that is too long, is refused', async (t) => {
  const { address } = await start(t)
  const deep = '['.repeat(100_000) + ']'.repeat(100_000)
  for (const body of [`{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":${deep}}}`, `{"jsonrpc":"2.0","id":1,"result":{"a":${deep}}}`]) {
    const response = await post(address, body)
    t.equal(response.status, 400)
    t.match(await response.json(), { error: { code: -32600, message: /nested/ } })
  }
  const long = { ...initialize, params: { ...initialize.params, clientInfo: { name: 'x'.repeat(20_000), version: '1' } } }
  const response = await post(address, long)
  t.equal(response.status, 400)
  t.match(await response.json(), { id: 0, error: { code: -32602 } })
})

t.test('a log level that is none is refused', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address)
  const response = await post(address, { jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'loud' } }, session)
  t.match(await response.json(), { error: { code: -32602, message: /debug, info/ } })
})

t.test('a store that fails does not keep a cancel from a live session', async (t) => {
  const { address, service, tools } = await start(t, { SESSION_TTL: '1s' })
  const session = await openSession(address)
  const call = post(address, toolCall(1, 'wait'), session)
  await until(() => tools.begun === 1)
  await service.store.close()
  await until(async () => {
    const cancel = await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session)
    t.equal(cancel.status, 202)
    return tools.aborted.length === 1
  })
  await (await call).text()
})

t.test('a dropped connection does not abort the request', async (t) => {
  const { address, tools } = await start(t)
  const session = await openSession(address)
  const dropped = new AbortController()
  const call = post(address, toolCall(1, 'wait'), session, dropped.signal)
  await until(() => tools.begun === 1)
  dropped.abort()
  await t.rejects(call)
  t.match(await (await post(address, toolCall(2, 'echo', { text: 'x' }), session)).json(), { id: 2 })
  t.same(tools.aborted, [])
  tools.release()
})

t.test('deleting a session aborts what it runs and ends its streams', async (t) => {
  const { address, tools } = await start(t)
  const session = await openSession(address)
  const stream = await listen(t, address, session)
  const call = post(address, toolCall(1, 'wait'), session)
  await until(() => tools.begun === 1)
  await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })
  t.match(await (await call).json(), { id: 1, error: { code: -32000, message: /session was ended/ } })
  t.same(messagesOf(await stream.text()), [])
  t.match(tools.aborted, [/session was ended/])
})

t.test('there is one standalone stream at a time: the newest', async (t) => {
  const { address, service } = await start(t)
  const session = await openSession(address)
  const first = await listen(t, address, session)
  const second = await listen(t, address, session)
  t.equal(second.status, 200)
  t.same(messagesOf(await first.text()), [], 'the earlier one ends')
  service.mcp.listChanged('prompts')
  await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })
  t.match(messagesOf(await second.text()), [{ method: 'notifications/prompts/list_changed' }])
})

t.test('too many sessions are refused', async (t) => {
  const { address } = await start(t, { SESSION_LIMIT: '1' })
  const session = await openSession(address)
  const refused = await post(address, initialize)
  t.equal(refused.status, 503)
  t.ok(refused.headers.get('retry-after'))
  t.match(await refused.json(), { error: { code: -32000 } })
  await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })
  t.equal((await post(address, initialize)).status, 200)
})

t.test('a session that is not used ends, one that is used lives on', async (t) => {
  const { address, service } = await start(t, { SESSION_TTL: '300ms' })
  const [used, unused, listening] = [await openSession(address), await openSession(address), await openSession(address)]
  const stream = await listen(t, address, listening)
  t.equal(stream.status, 200)
  await until(async () => {
    t.equal((await post(address, ping, used)).status, 200)
    return await service.store.sessions.count() === 2
  })
  t.equal((await post(address, ping, unused)).status, 404)
  t.equal((await post(address, ping, listening)).status, 200)
})

t.test('a store that fails is a clear error, and the session lives on', async (t) => {
  const { address, service } = await start(t)
  await service.store.close()
  const response = await post(address, initialize)
  t.equal(response.status, 503)
  t.match(await response.json(), { jsonrpc: '2.0', error: { code: -32603, message: /store/ } })
})

t.test('calls of tools that go wrong', async (t) => {
  const { address, logLines } = await start(t)
  const session = await openSession(address)
  const call = async (name: string, args?: Record<string, unknown>): Promise<unknown> => (await post(address, toolCall(1, name, args), session)).json()

  t.match(await call('nothing'), { error: { code: -32602, message: 'Unknown tool: nothing' } })
  t.match(await call('echo', { text: 5, extra: 1 }), { result: { isError: true, content: [{ text: /Invalid arguments for echo: arguments must NOT have additional properties/ }] } })
  t.match(await call('refuse'), { result: { isError: true, content: [{ text: 'the cupboard is bare' }], structuredContent: { cupboard: 'bare' } } })
  const crash = JSON.stringify(await call('crash'))
  t.match(crash, /"isError":true/)
  t.notMatch(crash, /postgres/, 'what went wrong inside stays inside')
  t.match(logLines.join(''), /postgres/, 'but is logged')
  t.match(await call('lie'), { result: { isError: true, content: [{ text: /fault in the server/ }] } })

  const wrongParams = [{ }, { name: 5 }, { name: 'echo', arguments: 'text' }]
  for (const params of wrongParams) {
    const response = await post(address, { jsonrpc: '2.0', id: 1, method: 'tools/call', params }, session)
    t.match(await response.json(), { error: { code: -32602 } })
  }
  const unknown = await post(address, { jsonrpc: '2.0', id: 1, method: 'tools/explode' }, session)
  t.match(await unknown.json(), { error: { code: -32601, message: 'Method not found' } })
})
