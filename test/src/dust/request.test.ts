import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import type { RequestObservation } from '../../../src/dust/client.ts'
import { agentMessage, apiKey, connect, conversation, fail, json, startDust, text, userMessage } from './scripted-dust.ts'

const agent = { agentConfiguration: { sId: 'a1', name: 'Agent', status: 'active' } }

async function unusedPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

t.test('a request carries the key, its types and encoded ids', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agent) })
  const client = connect(t, dust.baseUrl, { workspaceId: 'my/space' })
  await client.getAgent('../a?1')
  const [call] = dust.calls
  t.equal(call?.request.url, '/api/v1/w/my%2Fspace/assistant/agent_configurations/..%2Fa%3F1')
  t.match(call?.headers, {
    authorization: `Bearer ${apiKey}`,
    accept: 'application/json',
    'content-type': 'application/json',
    'user-agent': 'mcp-dust-server'
  })
})

t.test('somebody can follow each attempt from its beginning, and send something along', async (t) => {
  const dust = await startDust(t, (call, number) => { number === 1 ? fail(call, 503, 'service_unavailable') : json(call, 200, agent) })
  const seen: unknown[] = []
  const client = connect(t, dust.baseUrl, { onRequest: () => { seen.push('observed') } })
  const watched = client.watchedBy((attempt) => {
    seen.push(attempt)
    return { headers: { 'x-attempt': String(attempt.attempt) }, end: ({ status, error }) => { seen.push({ status, error }) } }
  })
  await watched.getAgent('a1')
  await client.getAgent('a1')
  t.same(seen, [
    { operation: 'get_agent', method: 'GET', attempt: 1 }, 'observed', { status: 503, error: 'server_error' },
    { operation: 'get_agent', method: 'GET', attempt: 2, retryOf: 'server_error' }, 'observed', { status: 200, error: undefined },
    'observed'
  ])
  t.same(dust.calls.map(({ headers }) => headers['x-attempt']), ['1', '2', undefined])
})

t.test('an id that would change the path is refused before anything is sent', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agent) })
  const client = connect(t, dust.baseUrl)
  for (const id of ['', '.', '..']) await t.rejects(client.getAgent(id), { name: 'DustError', kind: 'bad_request', status: 0 })
  t.equal(dust.calls.length, 0)
})

t.test('requests that follow one another share a connection', async (t) => {
  const dust = await startDust(t, (call, number) => { number === 3 ? fail(call, 503, 'service_unavailable') : json(call, 200, agent) })
  const client = connect(t, dust.baseUrl)
  for (let count = 0; count < 20; count++) await client.getAgent('a1')
  t.equal(dust.calls.length, 21)
  // A connection is free only a moment after its answer was read, so a second one may be opened.
  t.ok(dust.sockets.size <= 2, `${dust.sockets.size} connections`)
})

for (const [status, type] of [[408, 'x'], [429, 'rate_limit_error'], [403, 'rate_limit_error'], [502, 'x'], [503, 'x'], [504, 'x']] as const) {
  t.test(`a GET is tried again after ${status} ${type}, and each attempt is observed`, async (t) => {
    const dust = await startDust(t, (call, number) => { number < 3 ? fail(call, status, type) : json(call, 200, agent) })
    const seen: RequestObservation[] = []
    const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
    t.match(await client.getAgent('a1'), { sId: 'a1' })
    t.match(seen, [
      { operation: 'get_agent', method: 'GET', status, attempt: 1, durationMs: Number, error: String },
      { operation: 'get_agent', method: 'GET', status, attempt: 2, durationMs: Number, error: String },
      { operation: 'get_agent', method: 'GET', status: 200, attempt: 3, durationMs: Number, error: undefined }
    ])
  })
}

t.test('a GET whose connection breaks is tried again, four times in all', async (t) => {
  const dust = await startDust(t, ({ request }) => { request.socket.destroy() })
  const client = connect(t, dust.baseUrl)
  await t.rejects(client.getAgent('a1'), { name: 'DustError', kind: 'network', status: 0, retryable: true, message: /connection to Dust broke/ })
  t.equal(dust.calls.length, 4)
})

t.test('a GET whose answer is cut in the middle is tried again', async (t) => {
  const dust = await startDust(t, (call, number) => {
    if (number > 1) return json(call, 200, agent)
    call.reply.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 }).write('{"agent', () => { call.request.socket.destroy() })
  })
  t.match(await connect(t, dust.baseUrl).getAgent('a1'), { sId: 'a1' })
  t.equal(dust.calls.length, 2)
})

t.test('other answers are final', async (t) => {
  const dust = await startDust(t, (call) => { fail(call, 500, 'internal_server_error') })
  await t.rejects(connect(t, dust.baseUrl).getAgent('a1'), { name: 'DustError', kind: 'server_error' })
  t.equal(dust.calls.length, 1)
})

t.test('a message that may have arrived is never sent twice', async (t) => {
  const failures: Array<[string, number, Parameters<typeof startDust>[1], object]> = [
    ['connection reset', 5_000, ({ request }) => { request.socket.resetAndDestroy() }, { kind: 'network', retryable: false, message: /Whether it took the message is unknown/ }],
    ['no answer', 100, () => {}, { kind: 'timeout', retryable: false, message: /Whether it took the message is unknown/ }],
    ['502', 5_000, (call) => { text(call, 502, 'text/html', '<html>') }, { kind: 'server_error', retryable: false }],
    ['429', 5_000, (call) => { fail(call, 429, 'rate_limit_error', 'Slow down.') }, { kind: 'rate_limited', retryable: true }]
  ]
  for (const [name, requestTimeoutMs, answer, expected] of failures) {
    await t.test(name, async (t) => {
      const dust = await startDust(t, answer)
      const client = connect(t, dust.baseUrl, { timing: { requestTimeoutMs } })
      await t.rejects(client.startRun({ agentId: 'a1', content: 'Hello' }), { name: 'DustError', operation: 'create_conversation', ...expected })
      await t.rejects(client.startRun({ agentId: 'a1', content: 'Hello', conversationId: 'c1' }), { name: 'DustError', operation: 'post_message', ...expected })
      t.equal(dust.calls.length, 2)
    })
  }
})

t.test('a message that never left is sent again', async (t) => {
  const seen: RequestObservation[] = []
  const client = connect(t, `http://127.0.0.1:${await unusedPort()}`, { onRequest: (observation) => { seen.push(observation) } })
  await t.rejects(client.startRun({ agentId: 'a1', content: 'Hello' }), { name: 'DustError', kind: 'network', retryable: true, message: /can't be reached.*ECONNREFUSED.*DUST_BASE_URL/ })
  t.match(seen.map(({ attempt, status, error }) => ({ attempt, status, error })), [1, 2, 3, 4].map((attempt) => ({ attempt, status: 0, error: 'network' })))
})

t.test('a cancel is tried again like a GET', async (t) => {
  const dust = await startDust(t, (call, number) => { number < 3 ? call.request.socket.destroy() : json(call, 200, { success: true }) })
  await connect(t, dust.baseUrl).cancel('c1', ['am1', 'am2'])
  t.equal(dust.calls.length, 3)
  t.match(dust.calls[2], { method: 'POST', path: '/assistant/conversations/c1/cancel', body: '{"messageIds":["am1","am2"]}' })
})

t.test('a request without an answer ends at its limit', async (t) => {
  const dust = await startDust(t, ({ reply }, number) => { if (number === 2) reply.writeHead(200).write('{') })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { timing: { requestTimeoutMs: 250 }, onRequest: (observation) => { seen.push(observation) } })
  await t.rejects(client.getAgent('a1'), { name: 'DustError', kind: 'timeout', retryable: true, message: /within 250 ms/ })
  t.match(seen.map(({ status, error }) => ({ status, error })), [0, 200, 0, 0].map((status) => ({ status, error: 'timeout' })))
})

t.test('an abort ends a request at once, as cancelled and without another try', async (t) => {
  const controller = new AbortController()
  const dust = await startDust(t, () => { controller.abort() })
  await t.rejects(connect(t, dust.baseUrl).getAgent('a1', controller.signal), { name: 'DustError', kind: 'cancelled', status: 0, retryable: false })
  t.equal(dust.calls.length, 1)
})

t.test('an abort ends the wait between two tries', async (t) => {
  const controller = new AbortController()
  const dust = await startDust(t, (call) => { fail(call, 503, 'service_unavailable') })
  const client = connect(t, dust.baseUrl, {
    timing: { backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000 },
    onRequest: () => { setImmediate(() => { controller.abort() }) }
  })
  await t.rejects(client.getAgent('a1', controller.signal), { name: 'DustError', kind: 'cancelled' })
})

t.test('with a signal that is already aborted nothing is sent', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agent) })
  const client = connect(t, dust.baseUrl)
  await t.rejects(client.getAgent('a1', AbortSignal.abort()), { name: 'DustError', kind: 'cancelled' })
  await t.rejects(client.startRun({ agentId: 'a1', content: 'Hello' }, AbortSignal.abort()), { name: 'DustError', kind: 'cancelled' })
  t.equal(dust.calls.length, 0)
})

t.test('closing ends what is underway, and the client stays closed', async (t) => {
  const dust = await startDust(t, () => { client.close() })
  const client = connect(t, dust.baseUrl)
  await t.rejects(client.getAgent('a1'), { name: 'DustError', kind: 'cancelled' })
  await t.rejects(client.getAgent('a1'), { name: 'DustError', kind: 'cancelled' })
  t.equal(dust.calls.length, 1)
})

t.test('closing cancels a message that is underway', async (t) => {
  const dust = await startDust(t, () => { client.close() })
  const client = connect(t, dust.baseUrl)
  await t.rejects(client.startRun({ agentId: 'a1', content: 'Hello' }), { name: 'DustError', kind: 'cancelled' })
})

t.test('a workspace is checked with /exists', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, { exists: true }) })
  await connect(t, dust.baseUrl).checkWorkspace()
  t.strictSame(dust.calls.map(({ path }) => path), ['/exists'])
})

t.test('a Dust that does not know /exists is asked for its spaces', async (t) => {
  const dust = await startDust(t, (call) => { call.path === '/exists' ? text(call, 404, 'text/plain', '404 Not Found') : json(call, 200, { spaces: [] }) })
  await connect(t, dust.baseUrl).checkWorkspace()
  t.strictSame(dust.calls.map(({ path }) => path), ['/exists', '/spaces'])
})

t.test('an unknown workspace is not asked twice', async (t) => {
  const dust = await startDust(t, (call) => { fail(call, 404, 'workspace_not_found') })
  await t.rejects(connect(t, dust.baseUrl).checkWorkspace(), { name: 'DustError', operation: 'check_workspace', kind: 'not_found', type: 'workspace_not_found' })
  t.equal(dust.calls.length, 1)
})

t.test('a run in a new conversation', async (t) => {
  const dust = await startDust(t, (call) => {
    json(call, 200, { ...conversation(userMessage({ sId: 'um0' }), agentMessage({ sId: 'am0', parentMessageId: 'um0' }), userMessage(), agentMessage()), message: userMessage() })
  })
  const run = await connect(t, dust.baseUrl).startRun({ agentId: 'a1', content: 'Hello', title: 'Greeting' })
  t.strictSame(run, { agentId: 'a1', conversationId: 'c1', messageId: 'am1', userMessageId: 'um1', url: 'https://dust.test/c1' })
  t.strictSame(JSON.parse(dust.calls[0]?.body ?? ''), {
    title: 'Greeting',
    visibility: 'unlisted',
    message: { content: 'Hello', mentions: [{ configurationId: 'a1' }], context: { username: 'tester', timezone: 'UTC', origin: 'api' } },
    blocking: false
  })
})

t.test('a run in an existing conversation', async (t) => {
  const dust = await startDust(t, (call) => {
    json(call, 200, call.method === 'POST' ? { message: userMessage(), agentMessages: [agentMessage()] } : conversation())
  })
  const run = await connect(t, dust.baseUrl, { skipToolsValidation: true }).startRun({ agentId: 'a1', content: 'Hello', conversationId: 'c1' })
  t.strictSame(run, { agentId: 'a1', conversationId: 'c1', messageId: 'am1', userMessageId: 'um1', url: 'https://dust.test/c1' })
  t.strictSame(JSON.parse(dust.calls[0]?.body ?? ''), {
    content: 'Hello',
    mentions: [{ configurationId: 'a1' }],
    context: { username: 'tester', timezone: 'UTC', origin: 'api' },
    blocking: false,
    skipToolsValidation: true
  })
})

t.test('a run that has begun is told even when its conversation cannot be read', async (t) => {
  const dust = await startDust(t, (call) => {
    call.method === 'POST' ? json(call, 200, { message: userMessage(), agentMessages: [agentMessage()] }) : fail(call, 500, 'internal_server_error')
  })
  const run = await connect(t, dust.baseUrl).startRun({ agentId: 'a1', content: 'Hello', conversationId: 'c1' })
  t.match(run, { messageId: 'am1', url: `${dust.baseUrl}/w/demo/conversation/c1` })
})

for (const conversationId of [undefined, 'c1']) {
  const where = conversationId === undefined ? 'a new' : 'an existing'

  t.test(`the agent message of ${where} conversation is looked up when the answer lacks it`, async (t) => {
    const dust = await startDust(t, (call) => {
      json(call, 200, call.method === 'POST' ? { ...conversation(userMessage()), message: userMessage() } : conversation(userMessage(), agentMessage()))
    })
    const run = await connect(t, dust.baseUrl).startRun({ agentId: 'a1', content: 'Hello', ...(conversationId && { conversationId }) })
    t.equal(run.messageId, 'am1')
  })

  t.test(`in ${where} conversation, an agent that never answers is an error`, async (t) => {
    const dust = await startDust(t, (call) => { json(call, 200, { ...conversation(userMessage()), message: userMessage(), agentMessages: [] }) })
    const started = connect(t, dust.baseUrl).startRun({ agentId: 'a1', content: 'Hello', ...(conversationId && { conversationId }) })
    await t.rejects(started, { name: 'DustError', kind: 'not_found', retryable: false, message: /agent is unknown/ })
  })
}

t.test('a conversation is read with its limit, and what is unknown in it is left out', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, conversation(userMessage(), { type: 'message_of_tomorrow' }, agentMessage({ status: 'interrupted' }), { type: 'content_fragment', sId: 'f1' })) })
  const { content } = await connect(t, dust.baseUrl).getConversation('c1', { limit: 3 })
  t.equal(dust.calls[0]?.query.get('limit'), '3')
  t.match(content, [[{ type: 'user_message' }], [], [{ type: 'agent_message', status: 'cancelled' }], [{ type: 'content_fragment' }]])
})
