import path from 'node:path'
import t, { type Test } from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { messagesOf, openSession, post, startServiceAlone, until } from '../helper.ts'

const plugin = path.join(import.meta.dirname, '..', 'fixtures', 'faulty-plugin.js')

type Request = (method: string, params: Record<string, unknown>) => Promise<string>

/** Both lanes to the same service: what a client gets, as it goes over the wire. */
async function start (t: Test) {
  const { address, logLines } = await startServiceAlone(t, { EXTRA_PLUGINS: plugin })
  const session = await openSession(address, { elicitation: {} })
  const lanes: Array<[string, Request]> = [
    ['session', async (method, params) => (await post(address, { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { progressToken: 'p' } } }, session)).text()],
    ['stateless', async (method, params) => (await postStateless(address, method, params, { progressToken: 'p', logLevel: 'debug', capabilities: { elicitation: {} } })).text()]
  ]
  return { address, session, lanes, logLines }
}

/** The one answer, however it was sent. */
function answerOf (text: string): unknown {
  const answers = text.startsWith('{') ? [JSON.parse(text) as unknown] : messagesOf(text).filter((message) => Object(message).id === 1)
  if (answers.length !== 1) throw new Error(`${answers.length} answers: ${text}`)
  return answers[0]
}

/** The faults that the fixture has of this kind, by name. */
async function named (request: Request, method: string, property: string, beginning: string): Promise<string[]> {
  const list = Object(answerOf(await request(method, {}))).result
  const items: Array<Record<string, unknown>> = Object(Object.values(Object(list)).find(Array.isArray))
  return [...items].map((item) => String(item[property])).filter((name) => name.startsWith(beginning))
}

async function stands (t: Test, address: string, lanes: Array<[string, Request]>): Promise<void> {
  for (const [lane, request] of lanes) t.match(answerOf(await request('tools/call', { name: 'fine' })), { result: { content: [{ text: 'fine' }] } }, `${lane}: another call works`)
  t.equal((await fetch(`${address}/livez`)).status, 200)
}

t.test('a tool that throws or returns nonsense is an error for the model, and the rest stays inside', async (t) => {
  const { address, lanes, logLines } = await start(t)
  for (const [lane, request] of lanes) {
    for (const name of ['throws_', 'rejects_', 'returns_'].map((beginning) => named(request, 'tools/list', 'name', beginning))) {
      for (const tool of await name) {
        logLines.length = 0
        const text = await request('tools/call', { name: tool })
        t.match(answerOf(text), { id: 1, result: { isError: true, content: [{ text: `The tool ${tool} failed because of a fault in the server. The server's log has the details.` }] } }, `${lane}: ${tool}`)
        t.notMatch(text, 'postgres')
        t.ok(logLines.some((line) => line.includes('operation failed because of a fault') && line.includes(tool)), 'the log tells the operator')
      }
    }
  }
  await stands(t, address, lanes)
})

t.test('a ToolError reaches the model word for word, but not its cause', async (t) => {
  const { lanes } = await start(t)
  for (const [lane, request] of lanes) {
    const text = await request('tools/call', { name: 'refuses' })
    t.match(answerOf(text), { result: { isError: true, content: [{ text: 'the cupboard is bare' }], structuredContent: { cupboard: 'bare' } } }, lane)
    t.notMatch(text, 'postgres')
  }
})

t.test('resources, prompts and completions that throw or are nonsense are an internal error', async (t) => {
  const { address, lanes, logLines } = await start(t)
  for (const [lane, request] of lanes) {
    const calls: Array<[string, Record<string, unknown>]> = []
    for (const uri of await named(request, 'resources/list', 'uri', 'faulty://')) calls.push(['resources/read', { uri }])
    for (const name of (await named(request, 'prompts/list', 'name', '')).filter((name) => name !== 'ask_agent')) {
      if (name !== 'suggests_numbers') calls.push(['prompts/get', { name }])
      calls.push(['completion/complete', { ref: { type: 'ref/prompt', name }, argument: { name: 'word', value: '' } }])
    }
    t.ok(calls.length > 50)
    for (const [method, params] of calls) {
      logLines.length = 0
      const text = await request(method, params)
      t.match(answerOf(text), { id: 1, error: { code: -32603, message: 'Internal error' } }, `${lane}: ${method} ${JSON.stringify(params)}`)
      t.notMatch(text, 'postgres')
      t.ok(logLines.some((line) => line.includes('operation failed because of a fault')), 'the log tells the operator')
    }
  }
  await stands(t, address, lanes)
})

t.test('values are suggested only for what has a name', async (t) => {
  const { lanes } = await start(t)
  for (const [lane, request] of lanes) {
    for (const name of ['constructor', 'toString', '__proto__']) {
      const text = await request('completion/complete', { ref: { type: 'ref/prompt', name: 'suggests_numbers' }, argument: { name, value: 'x' } })
      t.match(answerOf(text), { result: { completion: { values: [], total: 0 } } }, `${lane}: ${name}`)
    }
  }
})

t.test('a hook that throws or returns nonsense fails the operation, not the service', async (t) => {
  const { address, lanes, logLines } = await start(t)
  for (const [lane, request] of lanes) {
    for (const hook of ['throws', 'forgets', 'string', 'circular']) {
      logLines.length = 0
      const text = await request('tools/call', { name: 'fine', arguments: { hook } })
      t.match(answerOf(text), { id: 1, error: { code: -32603, message: /^Internal error/ } }, `${lane}: ${hook}`)
      t.notMatch(text, 'postgres')
      t.ok(logLines.some((line) => line.includes('operation failed because of a fault')), 'the log tells the operator')
    }
  }
  await stands(t, address, lanes)
})

t.test('what can not be told to the client is a fault of the tool', async (t) => {
  const { address, lanes } = await start(t)
  for (const [lane, request] of lanes) {
    for (const name of ['logs_circular', 'progress_bigint']) {
      const text = await request('tools/call', { name })
      t.match(JSON.parse(text), { id: 1, result: { isError: true, content: [{ text: /fault in the server/ }] } }, `${lane}: ${name}`)
    }
  }
  await stands(t, address, lanes)
})

t.test('what can not be asked, or remembered meanwhile, is a fault of the tool', async (t) => {
  const { address, lanes, logLines } = await start(t)
  for (const [lane, request] of lanes) {
    for (const name of ['asks_bigint', 'asks_circular', 'asks_nothing', 'once_bigint']) {
      logLines.length = 0
      const text = await request('tools/call', { name })
      t.match(answerOf(text), { id: 1, result: { isError: true, content: [{ text: /fault in the server/ }] } }, `${lane}: ${name}`)
      t.ok(logLines.some((line) => line.includes('operation failed because of a fault')), 'the log tells the operator')
    }
  }
  await stands(t, address, lanes)
})

t.test('what is told after the end is told to nobody', async (t) => {
  const { address, lanes } = await start(t)
  for (const [lane, request] of lanes) {
    const text = await request('tools/call', { name: 'stops_late' })
    t.match(answerOf(text), { id: 1, result: { content: [{ text: 'ended' }] } }, lane)
    t.notMatch(text, 'after the end')
  }
  await stands(t, address, lanes)
})

t.test('a handler that never stops is left behind after a while', async (t) => {
  const { address, session, lanes, logLines } = await start(t)
  const metrics = async () => readMetrics(address)
  const inFlight = async () => (await metrics()).value('mcp_dust_server_mcp_operations_in_flight', { mcp_method_name: 'tools/call' })

  const cancelled = post(address, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'never_stops' } }, session)
  const dropped = new AbortController()
  const gone = postStateless(address, 'tools/call', { name: 'never_stops' }, { signal: dropped.signal })
  await until(async () => await inFlight() === 2)
  dropped.abort()
  await t.rejects(gone)
  await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session)
  t.same(messagesOf(await (await cancelled).text()), [], 'the client is free at once')

  await until(async () => await inFlight() === 0)
  t.equal((await metrics()).value('mcp_server_operation_duration_seconds_count', { mcp_method_name: 'tools/call', gen_ai_tool_name: 'never_stops', error_type: 'cancelled' }), 2)
  t.ok(logLines.some((line) => line.includes('it must end when its signal aborts')))
  await stands(t, address, lanes)
})
