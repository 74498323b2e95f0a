import { Type } from '@sinclair/typebox'
import t, { type Test } from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import type { ToolResult } from '../../src/mcp/catalog/tools.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { addTestTools, type TestTools } from '../fixtures/tools.ts'
import { answerOf, messagesOf, startServiceAlone, until } from '../helper.ts'

async function start (t: Test, environment: Record<string, string> = {}) {
  let tools: TestTools | undefined
  const running = await startServiceAlone(t, environment, (service) => { tools = addTestTools(service) })
  if (tools === undefined) throw new Error('no tools')
  return { ...running, tools }
}

t.test('discovery tells what there is', async (t) => {
  const { address } = await start(t)
  const response = await postStateless(address, 'server/discover')
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), 'application/json')
  t.equal(response.headers.get('mcp-session-id'), null)
  t.match(await response.json(), {
    id: 1, result: { supportedVersions: ['2026-07-28'], capabilities: { tools: {}, resources: { subscribe: true }, prompts: {}, completions: {} }, instructions: /dust_ask_agent/ }
  })
})

t.test('lists may be kept for a while, by one client only', async (t) => {
  const { address } = await start(t)
  const body = await answerOf(await postStateless(address, 'tools/list'))
  t.match(body, { result: { ttlMs: 60_000, cacheScope: 'private' } })
  t.ok(Object(body).result.tools.some(({ name }: { name: string }) => name === 'dust_ask_agent'))
})

t.test('a quick and silent call is answered as JSON', async (t) => {
  const { address } = await start(t)
  const response = await postStateless(address, 'tools/call', { name: 'echo', arguments: { text: 'hello' } }, { id: 'seven' })
  t.equal(response.status, 200)
  t.match(await response.json(), { id: 'seven', result: { content: [{ type: 'text', text: '{"text":"hello"}' }], structuredContent: { text: 'hello' } } })
})

t.test('progress turns the answer into an event stream; the log comes as the request wants it', async (t) => {
  const { address } = await start(t)
  const loud = await postStateless(address, 'tools/call', { name: 'progress' }, { progressToken: 'p', logLevel: 'debug' })
  t.match(loud.headers.get('content-type'), 'text/event-stream')
  t.match(messagesOf(await loud.text()), [
    { method: 'notifications/progress', params: { progressToken: 'p', progress: 1, message: 'one' } },
    { method: 'notifications/progress', params: { progressToken: 'p', progress: 5, total: 10, message: 'two', _meta: { 'test/kind': 'x' } } },
    { method: 'notifications/progress', params: { progressToken: 'p', progress: 6, message: 'three' } },
    { method: 'notifications/message', params: { level: 'debug', data: 'fine' } },
    { method: 'notifications/message', params: { level: 'warning', data: { careful: true }, logger: 'test' } },
    { id: 1, result: { content: [{ text: 'done' }] } }
  ])
  const careful = await postStateless(address, 'tools/call', { name: 'progress' }, { logLevel: 'warning' })
  t.match(messagesOf(await careful.text()), [{ method: 'notifications/message', params: { level: 'warning' } }, { id: 1 }])
  const silent = await postStateless(address, 'tools/call', { name: 'progress' })
  t.match(await silent.json(), { result: { content: [{ text: 'done' }] } }, 'neither was asked for')
})

t.test('a call that takes long and says nothing is answered on an event stream', async (t) => {
  const { address, tools } = await start(t)
  const response = await postStateless(address, 'tools/call', { name: 'wait' })
  t.match(response.headers.get('content-type'), 'text/event-stream', 'before there is an answer')
  tools.release()
  t.match(messagesOf(await response.text()), [{ id: 1, result: { content: [{ text: 'waited' }] } }])
})

t.test('a tool that usually takes long has its stream from the first moment', async (t) => {
  let finish = (): void => {}
  const { address } = await startServiceAlone(t, {}, ({ mcp }) => {
    mcp.addTool({ name: 'slow', description: 'Takes long.', input: Type.Object({}), longRunning: true }, () => new Promise<ToolResult>((resolve) => { finish = () => { resolve({ text: 'at last' }) } }))
  })
  const response = await postStateless(address, 'tools/call', { name: 'slow' })
  t.match(response.headers.get('content-type'), 'text/event-stream')
  finish()
  t.match(messagesOf(await response.text()), [{ id: 1, result: { content: [{ text: 'at last' }] } }])
  const refused = await postStateless(address, 'tools/call', { name: 'slow' }, { headers: { 'mcp-name': 'another' } })
  t.equal(refused.status, 400, 'a refusal still has its status')
})

t.test('closing the connection cancels the call, before and after there is a stream', async (t) => {
  const { address, tools } = await start(t)
  const early = new AbortController()
  const call = postStateless(address, 'tools/call', { name: 'wait' }, { signal: early.signal })
  await until(() => tools.begun === 1)
  early.abort()
  await t.rejects(call)
  await until(() => tools.aborted.length === 1)

  const late = new AbortController()
  await postStateless(address, 'tools/call', { name: 'wait' }, { signal: late.signal })
  late.abort()
  await until(() => tools.aborted.length === 2)
  t.match(tools.aborted, [/request was cancelled/, /request was cancelled/])
  await until(async () => Object.keys((await readMetrics(address)).nonZero('mcp_dust_server_mcp_operations_in_flight')).length === 0)
})

t.test('what goes wrong has the status and the code of the revision', async (t) => {
  const { address } = await start(t)
  const cases: Array<[string, Promise<Response>, number, unknown]> = [
    ['an unknown method', postStateless(address, 'tools/dance'), 404, { error: { code: -32601 } }],
    ['a method that only sessions have', postStateless(address, 'logging/setLevel', { level: 'debug' }), 404, { error: { code: -32601 } }],
    ['an unknown tool', postStateless(address, 'tools/call', { name: 'nothing' }), 200, { error: { code: -32602, message: /Unknown tool: nothing/ } }],
    ['wrong arguments', postStateless(address, 'tools/call', { name: 'echo', arguments: { text: 1 } }), 200, { result: { isError: true } }],
    ['a fault', postStateless(address, 'tools/call', { name: 'crash' }), 200, { result: { isError: true, content: [{ text: /fault in the server/ }] } }],
    ['an unknown resource', postStateless(address, 'resources/read', { uri: 'test://nothing' }), 200, { error: { code: -32602, message: /not found/, data: { uri: 'test://nothing' } } }],
    ['params of another type', postStateless(address, 'prompts/get', { name: 'nothing', arguments: 5 }), 200, { error: { code: -32602, message: 'The params of prompts/get aren\'t what this revision of MCP has there' } }],
    ['a cursor that is none', postStateless(address, 'tools/list', { cursor: 5 }), 200, { error: { code: -32602 } }],
    ['a reference to nothing that can be completed', postStateless(address, 'completion/complete', { ref: { type: 'ref/none' }, argument: { name: 'a', value: 'b' } }), 200, { error: { code: -32602 } }],
    ['a header that says something else than the body', postStateless(address, 'tools/list', {}, { headers: { 'mcp-method': 'prompts/list' } }), 400, { error: { code: -32020 } }],
    ['a revision that nobody knows', postStateless(address, 'tools/list', {}, { headers: { 'mcp-protocol-version': '2099-01-01' } }), 400, { error: { code: Number } }]
  ]
  for (const [name, call, status, body] of cases) {
    const response = await call
    t.equal(response.status, status, name)
    t.match(await answerOf(response), body, name)
  }
})

t.test('clients hear of changes on the stream on which they listen, until the server stops', async (t) => {
  const { address, service } = await start(t)
  service.mcp.addResource({ uri: 'test://seen', name: 'seen' }, () => ({ text: '' }))
  const listen = await postStateless(address, 'subscriptions/listen', { notifications: { toolsListChanged: true, resourceSubscriptions: ['test://seen'] } })
  t.equal(listen.status, 200)
  const reader = listen.body?.pipeThrough(new TextDecoderStream()).getReader()
  if (reader === undefined) throw new Error('no stream')
  let text = ''
  const read = async (words: string): Promise<void> => {
    while (!text.includes(words)) text += (await reader.read()).value ?? ''
  }
  await read('acknowledged')
  service.mcp.addTool({ name: 'new', description: 'Came later.', input: Type.Object({}) }, () => ({ text: '' }))
  await read('notifications/tools/list_changed')
  service.mcp.resourceUpdated('test://unseen')
  service.mcp.resourceUpdated('test://seen')
  await read('notifications/resources/updated')
  t.notMatch(text, 'test://unseen')
  const closing = service.close()
  while (!(await reader.read()).done);
  await closing
})

t.test('a call that runs when the server stops is told why', async (t) => {
  const { address, tools, service } = await start(t)
  const headers = { 'x-request-id': 'every-request-has-the-same' }
  const calls = [1, 2].map((id) => postStateless(address, 'tools/call', { name: 'wait' }, { id, headers }))
  await until(() => tools.begun === 2)
  const closing = service.close()
  for (const call of calls) t.match(await answerOf(await call), { result: { isError: true, content: [{ text: /shutting down/ }] } })
  await closing
  t.match(tools.aborted, [/shutting down/, /shutting down/])
})

t.test('its calls are counted like any other', async (t) => {
  const { address } = await start(t)
  await postStateless(address, 'tools/call', { name: 'echo', arguments: { text: 'hello' } })
  const metrics = await readMetrics(address)
  t.equal(metrics.value('mcp_server_operation_duration_seconds_count', { mcp_method_name: 'tools/call', gen_ai_tool_name: 'echo' }), 1)
  t.equal(metrics.value('mcp_dust_server_mcp_requests_total', { protocol_version: '2026-07-28', client: '_OTHER' }), 1)
  t.equal(metrics.value('mcp_dust_server_active_sessions'), 0)
})
