import { Type } from '@sinclair/typebox'
import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import t, { type Test } from 'tap'
import { loadConfig } from '../../src/config.ts'
import { connectAs } from '../e2e/clients/connect-as.ts'
import { startCollector, type ReceivedSpan } from '../fixtures/collector.ts'
import { readEvents } from '../fixtures/event-reader.ts'
import { readFile, snippetsOf } from '../fixtures/markdown.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { openSession, post, startEmulator, startService, toolCall, until } from '../helper.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const CALLER = '00f067aa0ba902b7'
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`

/** The service with a collector, and what arrives at Dust. */
async function start (t: Test, settings: Record<string, string> = {}, pace = 0) {
  const collector = await startCollector(t)
  const { emulator, environment } = await startEmulator(t, { pace })
  const asked: Array<{ url: string, headers: IncomingHttpHeaders }> = []
  emulator.server.on('request', ({ url = '', headers }) => { asked.push({ url, headers }) })
  const running = await startService(t, { ...environment, ...collector.environment, ...settings })
  return { ...running, collector, asked, dust: emulator.emulator }
}

/** The only span that is called so. */
function only (spans: ReceivedSpan[], name: string): ReceivedSpan {
  const named = spans.filter((span) => span.name === name)
  if (named[0] === undefined || named.length > 1) throw new Error(`${named.length} spans are called ${name}: ${spans.map(({ name }) => name).join(', ')}`)
  return named[0]
}

for (const { kind, revision, session } of [
  { kind: 'SDK v1', revision: '2025-11-25', session: true },
  { kind: 'SDK v2 pinned', revision: '2026-07-28', session: false }
] as const) {
  t.test(`${kind}: one trace leads from the caller's header to Dust`, async (t) => {
    const { service, address, collector, asked } = await start(t, { DUST_TRACE_CONTEXT: 'true' })
    const client = await connectAs(t, kind, address, { headers: { traceparent: TRACEPARENT, tracestate: 'acme=1' } })
    const { structured } = await client.call('dust_ask_agent', { agent: 'dust', message: 'How many roads?' }, { onProgress: () => {} })
    t.equal(structured['status'], 'succeeded')
    await service.close()

    const { spans } = collector
    const operation = only(spans, 'tools/call dust_ask_agent')
    const http = spans.find(({ spanId }) => spanId === operation.parentSpanId)
    t.equal(new Set(spans.map(({ traceId }) => traceId)).size, 1)
    t.equal(operation.traceId, TRACE)
    t.match(http, { name: 'POST /mcp', kind: 'SERVER', traceId: TRACE, parentSpanId: CALLER, attributes: { 'http.request.method': 'POST', 'http.route': '/mcp', 'http.response.status_code': 200, 'url.scheme': 'http' } })
    t.match(operation, {
      kind: 'SERVER',
      status: 'STATUS_CODE_UNSET',
      attributes: {
        'mcp.method.name': 'tools/call', 'gen_ai.tool.name': 'dust_ask_agent', 'gen_ai.operation.name': 'execute_tool', 'mcp.protocol.version': revision, 'network.transport': 'tcp', 'jsonrpc.request.id': /^\d+$/
      }
    })
    t.equal(typeof operation.attributes['mcp.session.id'], session ? 'string' : 'undefined')
    t.same(operation.links, [])

    const calls = spans.filter(({ kind }) => kind === 'CLIENT')
    t.ok(calls.every(({ parentSpanId, traceId }) => parentSpanId === operation.spanId && traceId === TRACE), 'every request to Dust belongs to the operation')
    t.match(only(calls, 'dust create_conversation').attributes, { 'http.request.method': 'POST', 'http.response.status_code': 200, 'server.address': '127.0.0.1', 'dust.operation': 'create_conversation' })
    t.ok(calls.some(({ name }) => name === 'dust stream_events'))
    const told = asked.filter(({ headers }) => headers.traceparent !== undefined)
    t.same([...new Set(told.map(({ headers }) => headers['traceparent']))].sort(), calls.map(({ spanId }) => `00-${TRACE}-${spanId}-01`).sort())
    t.ok(told.every(({ headers }) => headers['tracestate'] === 'acme=1'))
  })
}

/** A call with the context in `_meta`, in each era. */
const CALLS = {
  'with a session': async (address: string, args: Record<string, unknown>, headers: Record<string, string> = {}) => {
    const call = toolCall('call-7', 'dust_list_spaces', args)
    return post(address, { ...call, params: { ...call.params, _meta: { traceparent: TRACEPARENT } } }, { ...await openSession(address), ...headers })
  },
  'without one': async (address: string, args: Record<string, unknown>, headers: Record<string, string> = {}) =>
    postStateless(address, 'tools/call', { name: 'dust_list_spaces', arguments: args }, { id: 'call-7', meta: { traceparent: TRACEPARENT }, headers })
}

for (const [era, call] of Object.entries(CALLS)) {
  t.test(`the context in _meta is the parent of an operation ${era}, which links the HTTP request`, async (t) => {
    const { service, address, collector, asked } = await start(t)
    const other = '11111111111111111111111111111111'
    t.equal((await call(address, {}, { traceparent: `00-${other}-2222222222222222-01` })).status, 200)
    await service.close()
    const operation = only(collector.spans, 'tools/call dust_list_spaces')
    const http = collector.spans.find(({ traceId }) => traceId === other)
    t.match(operation, { traceId: TRACE, parentSpanId: CALLER, attributes: { 'jsonrpc.request.id': 'call-7' } })
    t.match(http, { name: 'POST /mcp', parentSpanId: '2222222222222222' })
    t.same(operation.links, [{ traceId: other, spanId: http?.spanId }])
    t.match(only(collector.spans, 'dust list_spaces'), { parentSpanId: operation.spanId, traceId: TRACE })
    t.ok(asked.length > 0 && asked.every(({ headers }) => headers['traceparent'] === undefined), 'Dust isn\'t told of it by default')
  })
}

t.test('log lines name the trace and the span, of the operation and of the HTTP request', async (t) => {
  const { service, address, collector, logLines } = await start(t)
  await CALLS['with a session'](address, {}, { traceparent: TRACEPARENT })
  await service.close()
  const lines = logLines.map((line) => Object(JSON.parse(line)))
  const operation = only(collector.spans, 'tools/call dust_list_spaces')
  t.match(lines.find(({ mcp }) => mcp?.tool === 'dust_list_spaces'), { trace_id: TRACE, span_id: operation.spanId, msg: 'operation' })
  const http = collector.spans.find(({ spanId }) => spanId === operation.links[0]?.spanId)
  t.match(lines.find(({ msg, trace_id: trace }) => msg === 'request completed' && trace === TRACE), { span_id: http?.spanId })
})

t.test('says how an operation failed, in words of the conventions', async (t) => {
  const { service, address, collector } = await start(t)
  const session = await openSession(address)
  for (const call of [toolCall(1, 'dust_ask_agent', { agent: 'nobody', message: 'x' }), toolCall(2, 'canary-tool'), { jsonrpc: '2.0', id: 3, method: 'canary/method' }]) await (await post(address, call, session)).text()
  await service.close()
  const [failed, unknown, other] = ['1', '2', '3'].map((id) => collector.spans.find(({ attributes }) => attributes['jsonrpc.request.id'] === id))
  t.match(failed, { name: 'tools/call dust_ask_agent', status: 'STATUS_CODE_ERROR', statusMessage: '', attributes: { 'error.type': 'tool_error', 'rpc.response.status_code': undefined } })
  t.match(unknown, { name: 'tools/call', status: 'STATUS_CODE_ERROR', attributes: { 'error.type': '-32602', 'rpc.response.status_code': '-32602', 'gen_ai.tool.name': undefined } })
  t.match(other, { name: '_OTHER', attributes: { 'error.type': '-32601', 'rpc.response.status_code': '-32601' } })
  t.notOk(Buffer.concat(collector.bodies).includes('canary'), 'and not in the client\'s')
})

t.test('each try of a request to Dust is a span', async (t) => {
  const { service, address, collector, dust } = await start(t)
  dust.faults.replace([{ kind: 'html', operation: 'spaces.list', status: 503 }])
  await CALLS['without one'](address, {})
  await service.close()
  t.match(collector.spans.filter(({ name }) => name === 'dust list_spaces'), [
    { status: 'STATUS_CODE_ERROR', attributes: { 'http.response.status_code': 503, 'error.type': 'server_error' } },
    { status: 'STATUS_CODE_UNSET', attributes: { 'http.response.status_code': 200, 'http.request.resend_count': 1, 'dust.retry_reason': 'server_error' } }
  ])
})

t.test('the span of an event stream lasts until the stream ends, as do those around it', async (t) => {
  const { service, address, collector, dust } = await start(t, {}, 1)
  const session = await openSession(address)
  const answer = await readEvents((signal) => post(address, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'At length' }, 'token'), session, signal))
  await until(() => answer.messages.length > 2)
  const midway = Date.now() * 1e6
  dust.pace.factor = 0
  await until(() => answer.isEnded)
  await service.close()
  const operation = only(collector.spans, 'tools/call dust_ask_agent')
  const around = [operation, collector.spans.find(({ spanId }) => spanId === operation.parentSpanId), only(collector.spans, 'dust stream_events')]
  t.match(operation.events, ['first_token', 'agent_message_success', 'run_completed'])
  for (const span of around) t.ok(span !== undefined && span.startedAt < midway && span.endedAt > midway, span?.name ?? 'none')
  t.ok(only(collector.spans, 'dust create_conversation').endedAt < midway)
})

t.test('a call that another process began is a trace of its own, which links the caller\'s', async (t) => {
  const collector = await startCollector(t)
  const { emulator: { emulator: dust }, environment } = await startEmulator(t, { pace: 1 })
  const followed = (): number => dust.requests()['messages.events'] ?? 0
  const settings = { ...environment, ...collector.environment, STORE_URL: `sqlite:${t.testdir()}/store.db` }
  const first = await startService(t, settings)
  const call = toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'Go on' })
  const message = { ...call, params: { ...call.params, _meta: { traceparent: TRACEPARENT, progressToken: 'token' } } }
  const session = await openSession(first.address)
  const answer = await readEvents((signal) => post(first.address, message, session, signal))
  await until(() => answer.messages.length > 0)
  await first.service.close()
  t.match(only(collector.spans, 'tools/call dust_ask_agent'), { traceId: TRACE, attributes: { 'error.type': 'moved' } })

  collector.spans.length = 0
  const before = followed()
  const { service } = await startService(t, settings)
  await until(() => followed() > before)
  await service.close()
  const operation = only(collector.spans, 'tools/call dust_ask_agent')
  t.equal(operation.parentSpanId, '')
  t.not(operation.traceId, TRACE)
  t.same(operation.links, [{ traceId: TRACE, spanId: CALLER }])
  t.ok(collector.spans.some(({ name, parentSpanId }) => name === 'dust stream_events' && parentSpanId === operation.spanId))
})

t.test('a task belongs to the request that began it', async (t) => {
  const { service, address, collector, dust } = await start(t)
  const call = toolCall(5, 'dust_ask_agent', { agent: 'dust', message: 'Go on' })
  await (await post(address, { ...call, params: { ...call.params, task: {} } }, { ...await openSession(address), traceparent: TRACEPARENT })).text()
  await until(() => dust.workspace.runs.size > 0)
  await service.close()
  const operation = only(collector.spans, 'tools/call dust_ask_agent')
  t.match(operation, { traceId: TRACE, attributes: { 'jsonrpc.request.id': '5' } })
  t.match(collector.spans.find(({ spanId }) => spanId === operation.parentSpanId), { name: 'POST /mcp', parentSpanId: CALLER })
})

t.test('what a plugin puts in by itself belongs to no request', async (t) => {
  const { service, address, collector } = await start(t)
  service.mcp.addTool({ name: 'relay', description: 'Relays.', input: Type.Object({}) }, async () => {
    await service.mcp.inject('tools/call', { name: 'dust_list_spaces' })
    return { text: 'relayed' }
  })
  await (await post(address, toolCall(1, 'relay'), { ...await openSession(address), traceparent: TRACEPARENT })).text()
  await service.close()
  const { parentSpanId, attributes } = only(collector.spans, 'tools/call dust_list_spaces')
  t.match({ parentSpanId, attributes }, { parentSpanId: '', attributes: { 'jsonrpc.request.id': undefined, 'mcp.session.id': undefined } })
})

t.test('a session is known by what stands for it in logs, and probes leave no span', async (t) => {
  const { service, address, collector } = await start(t)
  const session = await openSession(address)
  await (await post(address, { jsonrpc: '2.0', id: 1, method: 'ping' }, session)).text()
  for (const path of ['/livez', '/ready', '/health', '/metrics', '/canary?canary=1', '/mcp?canary=1']) await (await fetch(address + path)).text()
  await service.close()
  const id = session['mcp-session-id']
  t.equal(only(collector.spans, 'ping').attributes['mcp.session.id'], createHash('sha256').update(id).digest('hex').slice(0, 12))
  t.notOk(Buffer.concat(collector.bodies).includes(id))
  const others = collector.spans.filter(({ name }) => name !== 'ping' && name !== 'POST /mcp')
  t.match(others, [
    { name: 'GET', attributes: { 'http.response.status_code': 404, 'http.route': undefined } },
    { name: 'GET /mcp', attributes: { 'http.response.status_code': 406, 'http.route': '/mcp' } }
  ], 'what isn\'t there has no route')
  t.notOk(Buffer.concat(collector.bodies).includes('canary'))
})

t.test('keeps the traces that it\'s told to keep', async (t) => {
  const unwanted = TRACEPARENT.replace(/01$/, '00')
  for (const [settings, kept] of [
    [{}, [false, true]],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, [true, true]],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, [false, false]],
    [{ OTEL_SDK_DISABLED: 'true' }, [false, false]]
  ] as const) {
    const { service, address, collector, asked, logLines } = await start(t, { ...settings, DUST_TRACE_CONTEXT: 'true' })
    await postStateless(address, 'tools/call', { name: 'dust_list_spaces', arguments: {} }, { headers: { traceparent: unwanted } })
    await postStateless(address, 'tools/list')
    await service.close()
    const operations = collector.spans.map(({ attributes }) => attributes['mcp.method.name'])
    t.same([operations.includes('tools/call'), operations.includes('tools/list')], kept, JSON.stringify(settings))
    const isOff = 'OTEL_SDK_DISABLED' in settings
    t.equal(asked.some(({ headers }) => String(headers['traceparent']).startsWith(`00-${TRACE}-`)), !isOff, 'Dust is told whether it\'s kept or not')
    t.equal(logLines.some((line) => line.includes(TRACE)), !isOff, 'and so are the logs')
  }
})

t.test('says who it is, and what the collector wants to hear', async (t) => {
  const { service, address, collector } = await start(t, { OTEL_EXPORTER_OTLP_HEADERS: 'x-key=one%20word, x-team=ada', OTEL_RESOURCE_ATTRIBUTES: 'service.name=overruled,deployment.environment.name=test', OTEL_SERVICE_NAME: 'dust-for-us' })
  await postStateless(address, 'tools/list')
  await service.close()
  t.match(collector.headers[0], { 'x-key': 'one word', 'x-team': 'ada' })
  t.match(collector.spans[0]?.resource, { 'service.name': 'dust-for-us', 'service.version': /^\d/, 'deployment.environment.name': 'test' })
})

t.test('docs/tracing.md names every attribute, and settings that are some', async (t) => {
  const page = readFile('docs/tracing.md')
  const { service, address, collector, dust } = await start(t)
  dust.faults.replace([{ kind: 'html', operation: 'spaces.list', status: 503 }])
  const session = await openSession(address)
  for (const request of [
    toolCall(1, 'dust_list_spaces'), toolCall(2, 'dust_ask_agent', { agent: 'nobody', message: 'x' }), toolCall(3, 'nothing'),
    { jsonrpc: '2.0', id: 4, method: 'prompts/get', params: { name: 'ask_agent', arguments: { agent: 'dust', question: 'x' } } }
  ]) await (await post(address, request, session)).text()
  await service.close()
  const documented = [...page.matchAll(/^\| (`[a-z_.`, ]+`) \|/gm)].flatMap(([, names = '']) => [...names.matchAll(/[\w.]+/g)].map(([name]) => name))
  t.same([...new Set(collector.spans.flatMap(({ attributes }) => Object.keys(attributes)))].sort(), documented.sort())
  const settings = snippetsOf(page).map(({ text }) => text).filter((text) => /^[A-Z_]+=/.test(text))
  t.equal(settings.length, 2)
  for (const text of settings) t.ok(loadConfig({ DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', ...Object.fromEntries(text.trim().split('\n').map((line) => line.split(/=(.*)/, 2))) }).tracing)
})
