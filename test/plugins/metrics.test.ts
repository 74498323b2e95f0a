import { once } from 'node:events'
import { connect as openSocket } from 'node:net'
import t from 'tap'
import { tellStory } from '../../src/demo/story.ts'
import { addTestTools, type TestTools } from '../fixtures/tools.ts'
import { key, MetricsPage, readMetrics } from '../fixtures/metrics.ts'
import { connect, initialize, openSession, post, startEmulator, startService, startServiceAlone, toolCall, until } from '../helper.ts'

const P = 'mcp_dust_server_'

const PROMISED = {
  http_requests_total: 'counter',
  http_request_duration_seconds: 'histogram',
  http_request_size_bytes: 'histogram',
  http_response_size_bytes: 'histogram',
  active_sessions: 'gauge',
  session_duration_seconds: 'histogram',
  dust_api_requests_total: 'counter',
  dust_api_request_duration_seconds: 'histogram',
  dust_api_errors_total: 'counter',
  memory_usage_bytes: 'gauge',
  cpu_usage_percent: 'gauge'
}

t.test('before any traffic all promised metrics are there, with their types', async (t) => {
  const { address } = await startServiceAlone(t)
  const response = await fetch(`${address}/metrics`)
  t.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  const page = new MetricsPage(await response.text())
  for (const [name, type] of Object.entries(PROMISED)) t.equal(page.types.get(P + name), type, name)
  t.ok(page.seriesCount < 900, `${page.seriesCount} series`)
})

t.test('counters that alerts use begin at 0', async (t) => {
  const { address } = await startServiceAlone(t)
  const text = await (await fetch(`${address}/metrics`)).text()
  t.match(text, `${P}http_requests_total{method="POST",path="/mcp",status="500"} 0`)
  t.match(text, `${P}dust_api_errors_total{endpoint="create_conversation",type="rate_limited"} 0`)
  t.match(text, `${P}sessions_total{event="expired"} 0`)
  t.match(text, `${P}agent_run_duration_seconds_count{outcome="error"} 0`)
})

t.test('the prefix, the path and the token are settings', async (t) => {
  const { address } = await startServiceAlone(t, { METRICS_PREFIX: 'other', METRICS_PATH: '/internal/metrics', METRICS_TOKEN: 'let-me-in' })
  t.equal((await fetch(`${address}/metrics`)).status, 404)
  for (const authorization of [undefined, 'Bearer wrong', 'let-me-in']) {
    const refused = await fetch(`${address}/internal/metrics`, { headers: authorization === undefined ? {} : { authorization } })
    t.equal(refused.status, 401)
    t.match(refused.headers.get('www-authenticate'), /^Bearer/)
    t.notMatch(await refused.text(), /other_/)
  }
  const page = new MetricsPage(await (await fetch(`${address}/internal/metrics`, { headers: { authorization: 'bearer let-me-in' } })).text())
  for (const [name, type] of Object.entries(PROMISED)) t.equal(page.types.get(`other_${name}`), type, name)
  t.equal(page.types.get('mcp_server_operation_duration_seconds'), 'histogram', 'the names of OpenTelemetry stay')
  t.same(page.nonZero('other_auth_failures_total'), { '{reason="missing"}': 1, '{reason="invalid"}': 2 })
})

t.test('metrics can be switched off', async (t) => {
  const { address } = await startServiceAlone(t, { ENABLE_METRICS: 'false' })
  t.equal((await fetch(`${address}/metrics`)).status, 404)
  t.equal((await post(address, initialize)).status, 200)
})

t.test('limits and what the service is are exported', async (t) => {
  const { address } = await startServiceAlone(t, { SESSION_LIMIT: '77', DUST_MAX_RUNS: '5' })
  const page = await readMetrics(address)
  t.equal(page.value(`${P}sessions_limit`), 77)
  t.equal(page.value(`${P}agent_runs_limit`), 5)
  t.ok(page.value(`${P}memory_limit_bytes`) > page.value(`${P}memory_usage_bytes`))
  t.match(Object.keys(page.nonZero(`${P}build_info`)), [/node_version="v24.*version="\d+\.\d+\.\d+"/])
})

t.test('HTTP: each request is counted once, with its sizes', async (t) => {
  const { address } = await startServiceAlone(t)
  for (let i = 0; i < 3; i++) await (await fetch(`${address}/livez`)).text()
  for (let i = 0; i < 2; i++) await (await fetch(`${address}/nowhere/${i}`)).text()
  const bodies = ['{"a":', '{"jsonrpc":"2.0","id":1,"method":"ping"}'] // 400 for being no JSON, 400 for lack of a session
  const answers = []
  for (const body of bodies) answers.push(await (await post(address, body)).text())
  await (await fetch(`${address}/mcp`, { method: 'PUT' })).text()

  const page = await readMetrics(address)
  t.same(page.nonZero(`${P}http_requests_total`), {
    [key({ method: 'GET', path: '/livez', status: 200 })]: 3,
    [key({ method: '_OTHER', path: 'unmatched', status: 404 })]: 2,
    [key({ method: 'POST', path: '/mcp', status: 400 })]: 2,
    [key({ method: '_OTHER', path: '/mcp', status: 405 })]: 1
  })
  t.same(page.nonZero(`${P}http_request_duration_seconds_count`), page.nonZero(`${P}http_requests_total`))
  const labels = { method: 'POST', path: '/mcp' }
  t.equal(page.value(`${P}http_request_size_bytes_sum`, labels), bodies.join('').length)
  t.equal(page.value(`${P}http_response_size_bytes_sum`, labels), Buffer.byteLength(answers.join('')))
  t.same(page.nonZero(`${P}http_requests_in_flight`), { '{path="/metrics"}': 1 }, 'but for the scrape itself')
})

t.test('HTTP: what is counted is what was sent, not what was declared', async (t) => {
  const { address } = await startServiceAlone(t)
  const { port } = new URL(address)
  const send = async (words: string): Promise<void> => {
    const socket = openSocket(Number(port), '127.0.0.1')
    socket.end(words)
    socket.resume()
    await once(socket, 'close')
  }
  await send('GET /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 500000000000000000\r\n\r\n')
  await send('POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"half":')
  const body = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
  await send(`POST /mcp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`)
  await (await fetch(`${address}/health`, { method: 'HEAD' })).text()
  await until(async () => (await readMetrics(address)).value(`${P}http_requests_in_flight`, { path: '/mcp' }) === 0)
  const page = await readMetrics(address)
  t.equal(page.value(`${P}http_request_size_bytes_sum`, { method: 'GET', path: '/livez' }), 0)
  t.equal(page.value(`${P}http_request_size_bytes_sum`, { method: 'POST', path: '/mcp' }), '{"half":'.length + body.length)
  t.equal(page.value(`${P}http_response_size_bytes_sum`, { method: 'GET', path: '/health' }), 0)
  t.equal(page.value(`${P}http_request_duration_seconds_count`, { method: 'GET', path: '/health', status: 200 }), 1)
})

t.test('HTTP: an address that can not be read is counted like any other', async (t) => {
  const { address } = await startServiceAlone(t)
  for (const method of ['GET', 'POST']) t.equal((await fetch(`${address}/%zz`, { method })).status, 400)
  const page = await readMetrics(address)
  const labels = { method: '_OTHER', path: 'unmatched' }
  t.equal(page.value(`${P}http_requests_total`, { ...labels, status: 400 }), 2)
  t.equal(page.value(`${P}http_request_duration_seconds_count`, { ...labels, status: 400 }), 2)
  t.equal(page.value(`${P}http_response_size_bytes_count`, labels), 2)
  t.same(page.nonZero(`${P}http_requests_in_flight`), { '{path="/metrics"}': 1 })
})

t.test('HTTP: a client that leaves is a 499; streams are timed until their head', async (t) => {
  const holder: { tools?: TestTools } = {}
  const { address } = await startServiceAlone(t, {}, (service) => { holder.tools = addTestTools(service) })
  const session = await openSession(address)
  const left = new AbortController()
  const call = post(address, toolCall(1, 'wait'), session, left.signal)
  await until(() => holder.tools?.begun === 1)
  left.abort()
  await t.rejects(call)
  await until(async () => (await readMetrics(address)).value(`${P}http_requests_in_flight`, { path: '/mcp' }) === 0)
  holder.tools?.release()

  await (await post(address, toolCall(2, 'progress', {}, 'token'), session)).text()
  const page = await readMetrics(address)
  const labels = { method: 'POST', path: '/mcp' }
  t.equal(page.value(`${P}http_requests_total`, { ...labels, status: 499 }), 1)
  t.equal(page.value(`${P}http_request_duration_seconds_count`, { ...labels, status: 499 }), 1)
  t.equal(page.value(`${P}http_request_duration_seconds_count`, { ...labels, status: 200 }), 2, 'initialize and the stream')
  t.equal(page.value(`${P}http_stream_duration_seconds_count`, { kind: 'request' }), 1)
  t.equal(page.value(`${P}sse_events_total`), 6, 'the first one only says from where to resume')
})

t.test('50 streams that are cut are all gone from the gauges, and counted once', async (t) => {
  const { address } = await startServiceAlone(t)
  const { port } = new URL(address)
  const sockets = await Promise.all(Array.from({ length: 50 }, async () => {
    const session = await openSession(address)
    const socket = openSocket(Number(port), '127.0.0.1')
    socket.write(`GET /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\nMcp-Session-Id: ${session['mcp-session-id']}\r\n\r\n`)
    await once(socket, 'data')
    return socket
  }))
  const open = await readMetrics(address)
  t.equal(open.value(`${P}sse_streams_open`, { kind: 'standalone' }), 50)
  t.equal(open.value(`${P}http_requests_in_flight`, { path: '/mcp' }), 50)
  t.equal(open.value(`${P}active_sessions`), 50)

  for (const socket of sockets) socket.resetAndDestroy()
  await until(async () => (await readMetrics(address)).value(`${P}sse_streams_open`, { kind: 'standalone' }) === 0)
  const closed = await readMetrics(address)
  t.equal(closed.value(`${P}http_requests_in_flight`, { path: '/mcp' }), 0)
  t.equal(closed.value(`${P}http_stream_duration_seconds_count`, { kind: 'standalone' }), 50)
  t.equal(closed.value(`${P}http_requests_total`, { method: 'GET', path: '/mcp', status: 200 }), 50)
  t.equal(closed.value(`${P}http_request_duration_seconds_count`, { method: 'GET', path: '/mcp', status: 200 }), 50)
})

t.test('sessions: opened, ended by the client, expired, refused', async (t) => {
  const { address } = await startServiceAlone(t, { SESSION_TTL: '250ms', SESSION_LIMIT: '3' })
  const sessions = [await openSession(address), await openSession(address), await openSession(address)]
  t.equal((await post(address, initialize)).status, 503)
  const [ended] = sessions
  if (ended === undefined) throw new Error('no session')
  await fetch(`${address}/mcp`, { method: 'DELETE', headers: ended })
  await until(async () => (await readMetrics(address)).value(`${P}sessions_total`, { event: 'expired' }) === 2)
  const page = await readMetrics(address)
  t.same(page.nonZero(`${P}sessions_total`), { '{event="created"}': 3, '{event="closed"}': 1, '{event="expired"}': 2, '{event="rejected"}': 1 })
  t.same(page.nonZero(`${P}session_duration_seconds_count`), { '{reason="client_close"}': 1, '{reason="idle_timeout"}': 2 })
  t.equal(page.value(`${P}active_sessions`), 0)
})

t.test('MCP operations: by method, tool and outcome', async (t) => {
  const { address } = await startServiceAlone(t, {}, (service) => { addTestTools(service) })
  const session = await openSession(address)
  const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
  for (const message of [ping, ping, { ...ping, method: 'tools/list' }, { ...ping, method: 'made/up' }, toolCall(1, 'echo', { text: 'x' }), toolCall(1, 'echo', {}), toolCall(1, 'crash'), toolCall(1, 'made_up')]) {
    await (await post(address, message, session)).text()
  }
  const page = await readMetrics(address)
  t.same(page.nonZero('mcp_server_operation_duration_seconds_count'), {
    [key({ mcp_method_name: 'ping' })]: 2,
    [key({ mcp_method_name: 'tools/list' })]: 1,
    [key({ mcp_method_name: '_OTHER', error_type: '-32601' })]: 1,
    [key({ mcp_method_name: 'tools/call', gen_ai_tool_name: 'echo' })]: 1,
    [key({ mcp_method_name: 'tools/call', gen_ai_tool_name: 'echo', error_type: 'tool_error' })]: 1,
    [key({ mcp_method_name: 'tools/call', gen_ai_tool_name: 'crash', error_type: '-32603' })]: 1,
    [key({ mcp_method_name: 'tools/call', error_type: '-32602' })]: 1
  })
  t.same(page.nonZero(`${P}mcp_operations_in_flight`), {})
  t.same(page.nonZero(`${P}mcp_requests_total`), { [key({ client: '_OTHER', protocol_version: '2025-11-25' })]: 8 })
})

t.test('agent runs by outcome, and the Dust API by operation', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 0.02 })
  const { address } = await startService(t, { ...environment, HEALTH_CHECK_INTERVAL: '1h' })
  const { client } = await connect(t, address)
  const ask = (agent: string) => client.callTool({ name: 'dust_ask_agent', arguments: { agent, message: 'Hello' } })
  await ask('dust')
  await ask('researcher')
  await ask('unlucky')
  await ask('deployer')
  emulator.emulator.pace.factor = 1
  const cancelled = new AbortController()
  const call = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Hello' } }, undefined, { signal: cancelled.signal })
  call.catch(() => {})
  await until(async () => (await readMetrics(address)).value(`${P}agent_runs_in_progress`) === 1)
  cancelled.abort()
  await until(async () => (await readMetrics(address)).value(`${P}agent_runs_in_progress`) === 0)
  emulator.emulator.faults.replace([{ kind: 'rate_limit', status: 403, operation: 'conversations.create' }])
  await ask('dust')

  const page = await readMetrics(address)
  t.same(page.nonZero(`${P}agent_run_duration_seconds_count`), { '{outcome="success"}': 2, '{outcome="error"}': 2, '{outcome="waiting"}': 1, '{outcome="cancelled"}': 1 })
  t.equal(page.value(`${P}agent_time_to_first_token_seconds_count`), 4, 'all but the cancelled one, which still thought')
  t.equal(page.value(`${P}agents_available`), 19)
  t.same(page.nonZero(`${P}agents_refresh_total`), { '{outcome="success"}': 1 })
  t.equal(page.value(`${P}agent_events_total`, { type: 'run_completed' }), 3)

  const requests = emulator.emulator.requests()
  const count = (endpoint: string, method: string, status: number): number => page.value(`${P}dust_api_requests_total`, { endpoint, method, status })
  t.equal(count('check_workspace', 'GET', 200), requests['exists'])
  t.equal(count('list_agents', 'GET', 200), 1)
  t.equal(count('create_conversation', 'POST', 200), 5)
  t.equal(count('create_conversation', 'POST', 403), 1)
  t.equal(count('cancel_message', 'POST', 200), 1)
  t.same(page.nonZero(`${P}dust_api_errors_total`), {
    [key({ endpoint: 'create_conversation', type: 'rate_limited' })]: 1,
    [key({ endpoint: 'stream_events', type: 'cancelled' })]: page.value(`${P}dust_api_errors_total`, { endpoint: 'stream_events', type: 'cancelled' })
  })
})

t.test('agent runs: one that Dust does not let begin has failed, but a mistake of the asker was none', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, HEALTH_CHECK_INTERVAL: '1h' })
  const { client } = await connect(t, address)
  const ask = (question: Record<string, string>) => client.callTool({ name: 'dust_ask_agent', arguments: { message: 'Hello', ...question } })
  for (const operation of ['agents.list', 'conversations.create'] as const) {
    emulator.emulator.faults.replace([{ kind: 'error', status: 500, type: 'internal_server_error', message: 'oh no', operation }])
    await ask({ agent: 'dust' })
  }
  const failed = { '{outcome="error"}': 2 }
  t.same((await readMetrics(address)).nonZero(`${P}agent_run_duration_seconds_count`), failed)

  await ask({ agent: 'nobody' })
  await ask({ agent: 'retired' })
  await ask({ agent: 'dust', conversationId: 'none' })
  t.same((await readMetrics(address)).nonZero(`${P}agent_run_duration_seconds_count`), failed)
})

t.test('the Dust API: errors and retries', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, HEALTH_CHECK_INTERVAL: '1h' })
  const { client } = await connect(t, address)
  emulator.emulator.faults.replace([{ kind: 'html', status: 502, operation: 'agents.list', times: 2 }])
  await client.callTool({ name: 'dust_list_agents', arguments: {} })
  const page = await readMetrics(address)
  t.equal(page.value(`${P}dust_api_requests_total`, { endpoint: 'list_agents', method: 'GET', status: 502 }), 2)
  t.equal(page.value(`${P}dust_api_request_duration_seconds_count`, { endpoint: 'list_agents', method: 'GET' }), 3)
  t.same(page.nonZero(`${P}dust_api_errors_total`), { [key({ endpoint: 'list_agents', type: 'server_error' })]: 2 })
  t.same(page.nonZero(`${P}dust_api_retries_total`), { [key({ endpoint: 'list_agents', reason: 'server_error' })]: 2 })
})

const hostileRequests = Number(process.env['HOSTILE_REQUESTS'] ?? 2000)

t.test(`${hostileRequests} hostile requests add next to no series`, async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, BODY_LIMIT: '1k' })
  await tellStory(address, () => {})
  const session = await openSession(address)

  // Every way in which an honest client can err, once.
  for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    for (const path of ['/mcp', '/health', '/ready', '/livez', '/metrics', '/zz']) {
      for (const [type, body] of [['application/json', '{}'], ['application/json', '{'], ['text/csv', 'x'], ['application/json', `"${'x'.repeat(2000)}"`]] as const) {
        const hasBody = method !== 'GET' && method !== 'HEAD'
        await (await fetch(address + path, { method, headers: { ...session, 'content-type': type }, ...(hasBody ? { body } : {}) })).text()
      }
    }
  }
  const hostile = (n: number): Array<() => Promise<Response>> => [
    () => fetch(`${address}/x${n}/${Math.random()}?${n}`, { method: ['GET', 'POST', 'PATCH', 'MKCOL', 'REPORT', 'SEARCH', 'PURGE'][n % 7] ?? 'GET' }),
    () => post(address, toolCall(n, `tool_${n}`), session),
    () => post(address, { jsonrpc: '2.0', id: n, method: `method/${n}` }, session),
    () => post(address, { jsonrpc: '2.0', id: n, method: 'ping' }, { 'mcp-session-id': `session-${n}` }),
    () => post(address, { jsonrpc: '2.0', id: n, method: 'ping' }, { ...session, 'mcp-protocol-version': `20${n}` }),
    () => post(address, { ...initialize, params: { ...initialize.params, protocolVersion: `20${n}`, clientInfo: { name: `client ${n}`, version: '1' } } })
  ]
  for (const send of hostile(0)) await (await send()).text()
  const before = new Set((await readMetrics(address)).series)

  for (let i = 1; i <= hostileRequests; i += 50) {
    await Promise.all(Array.from({ length: 50 }, async (_, j) => {
      const kinds = hostile(i + j)
      await (await kinds[(i + j) % kinds.length]?.())?.text()
    }))
  }
  const page = await readMetrics(address)
  t.ok(page.seriesCount < 1700, `${page.seriesCount} series, ${before.size} before`)
  // The runtime's own may come and go.
  const added = page.series.filter((series) => series.startsWith('mcp_') && !before.has(series))
  t.same(added.filter((series) => !/"(unmatched|_OTHER)"/.test(series)), [], 'none but those for whatever has no name here')
  t.notMatch(page.series.join('\n'), /x\d{2}|tool_\d|session-|client \d|method\//)
})
