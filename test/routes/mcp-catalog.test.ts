import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import { ToolError } from '../../src/mcp/operation.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { answerOf, connect, openSession, post, startServiceAlone, until } from '../helper.ts'

const LEVELS = ['low', 'middle', 'high']

/** Something of every kind that a server can offer. */
function offer ({ mcp }: FastifyInstance): void {
  mcp.addResource({ uri: 'tickets://open', name: 'open', title: 'Open tickets', description: 'All of them.', mimeType: 'text/plain' }, () => ({ text: 'one, two' }))
  mcp.addResource({ uri: 'tickets://logo', name: 'logo' }, () => ({ blob: Buffer.from([1, 2, 255]), mimeType: 'image/png' }))
  mcp.addResource({ uri: 'tickets://broken', name: 'broken' }, () => { throw new Error('secret of the server') })
  mcp.addResource({ uri: 'tickets://refused', name: 'refused' }, () => { throw new ToolError('the cupboard is locked') })
  mcp.addResourceTemplate({
    uriTemplate: 'tickets://{project}/{number}',
    name: 'ticket',
    mimeType: 'application/json',
    complete: { number: (typed, _operation, { project }) => ['17', '18', '2'].filter((number) => number.startsWith(typed)).map((number) => `${number}${project ?? ''}`) }
  }, ({ project, number }) => number === '0' ? null : { text: JSON.stringify({ project, number }) })
  mcp.addPrompt({
    name: 'triage',
    title: 'Triage',
    description: 'Sorts a ticket.',
    input: Type.Object({ ticket: Type.String({ description: 'Its number.' }), level: Type.Optional(Type.String()) }),
    complete: { level: (typed) => LEVELS.filter((level) => level.startsWith(typed)) }
  }, ({ ticket, level = 'no' }) => `Triage ticket ${ticket} with ${level} urgency.`)
  mcp.addPrompt({ name: 'greet' }, () => ({ description: 'A greeting', messages: [{ role: 'assistant', content: { type: 'text', text: 'Hello!' } }] }))
}

async function start (t: Test) {
  const { address, service, logLines } = await startServiceAlone(t, {}, offer)
  return { ...await connect(t, address), service, address, logLines }
}

/** The SDK's client opens its stream for notices when it is connected already. */
async function startListening (t: Test) {
  const started = await start(t)
  const heard: string[] = []
  started.client.fallbackNotificationHandler = async ({ method, params }) => { heard.push(`${method} ${String(params?.['uri'] ?? '')}`.trim()) }
  await until(async () => (await readMetrics(started.address)).value('mcp_dust_server_sse_streams_open', { kind: 'standalone' }) === 1)
  return { ...started, heard }
}

t.test('resources are listed and read, as text or as bytes', async (t) => {
  const { client } = await start(t)
  const { resources } = await client.listResources()
  t.match(resources.find(({ uri }) => uri === 'tickets://open'), { name: 'open', title: 'Open tickets', description: 'All of them.', mimeType: 'text/plain' })
  t.same((await client.readResource({ uri: 'tickets://open' })).contents, [{ uri: 'tickets://open', mimeType: 'text/plain', text: 'one, two' }])
  t.same((await client.readResource({ uri: 'tickets://logo' })).contents, [{ uri: 'tickets://logo', mimeType: 'image/png', blob: 'AQL/' }])
})

t.test('a template has resources of its own', async (t) => {
  const { client } = await start(t)
  t.match((await client.listResourceTemplates()).resourceTemplates.filter(({ name }) => name === 'ticket'), [{ uriTemplate: 'tickets://{project}/{number}', name: 'ticket' }])
  const { contents } = await client.readResource({ uri: 'tickets://caf%C3%A9%20nord/17' })
  t.match(contents, [{ mimeType: 'application/json', text: '{"project":"café nord","number":"17"}' }])
})

t.test('a resource that is not there, or can not be read, is an error that says so and no more', async (t) => {
  const { client, logLines } = await start(t)
  for (const uri of ['tickets://nowhere', 'tickets://a/0', 'nonsense']) {
    await t.rejects(client.readResource({ uri }), { code: -32002, message: /Resource not found/ })
  }
  await t.rejects(client.readResource({ uri: 'tickets://refused' }), { code: -32602, message: /the cupboard is locked/ })
  await t.rejects(client.readResource({ uri: 'tickets://broken' }), { code: -32603, message: /^MCP error -32603: Internal error$/ })
  t.ok(logLines.some((line) => line.includes('secret of the server')), 'the log has it')
})

t.test('a client hears of a resource for as long as it wants to', async (t) => {
  const { client, service, heard } = await startListening(t)
  await client.subscribeResource({ uri: 'tickets://open' })
  service.mcp.resourceUpdated('tickets://logo')
  service.mcp.resourceUpdated('tickets://open')
  await until(() => heard.length === 1)
  await client.unsubscribeResource({ uri: 'tickets://open' })
  service.mcp.resourceUpdated('tickets://open')
  service.mcp.listChanged('resources')
  await until(() => heard.length === 2)
  t.same(heard, ['notifications/resources/updated tickets://open', 'notifications/resources/list_changed'])
})

t.test('a uri that is too long is refused, and one that is subscribed to already is no more of them', async (t) => {
  const { address } = await startServiceAlone(t, {}, ({ mcp }) => { mcp.addResourceTemplate({ uriTemplate: 'page://{name}', name: 'page' }, () => ({ text: 'text' })) })
  const session = await openSession(address)
  const ask = async (method: string, uri: string) => answerOf(await post(address, { jsonrpc: '2.0', id: 1, method, params: { uri } }, session))
  for (const method of ['resources/read', 'resources/subscribe']) {
    t.match(await ask(method, `page://${'x'.repeat(8192)}`), { error: { code: -32602, message: /at most 8192 characters/ } }, method)
    t.match(await ask(method, `page://${'x'.repeat(8000)}`), { result: {} }, method)
  }
  for (let number = 1; number < 1000; number++) await ask('resources/subscribe', `page://${number}`)
  t.match(await ask('resources/subscribe', 'page://one-more'), { error: { message: 'A session may have 1000 subscriptions' } })
  t.match(await ask('resources/subscribe', 'page://1'), { result: {} })
})

t.test('prompts are listed and filled in', async (t) => {
  const { client } = await start(t)
  t.same((await client.listPrompts()).prompts.filter(({ name }) => name !== 'ask_agent'), [
    { name: 'triage', title: 'Triage', description: 'Sorts a ticket.', arguments: [{ name: 'ticket', description: 'Its number.', required: true }, { name: 'level', required: false }] },
    { name: 'greet' }
  ])
  t.same((await client.getPrompt({ name: 'triage', arguments: { ticket: '17' } })).messages, [{ role: 'user', content: { type: 'text', text: 'Triage ticket 17 with no urgency.' } }])
  t.match(await client.getPrompt({ name: 'greet' }), { description: 'A greeting', messages: [{ role: 'assistant' }] })
  await t.rejects(client.getPrompt({ name: 'triage' }), { code: -32602, message: /ticket/ })
  await t.rejects(client.getPrompt({ name: 'nothing' }), { code: -32602, message: /Unknown prompt: nothing/ })
})

t.test('values are suggested for arguments and variables', async (t) => {
  const { client } = await start(t)
  const values = async (ref: { type: 'ref/prompt', name: string } | { type: 'ref/resource', uri: string }, name: string, value: string, context?: Record<string, string>) =>
    (await client.complete({ ref, argument: { name, value }, ...(context === undefined ? {} : { context: { arguments: context } }) })).completion.values
  t.same(await values({ type: 'ref/prompt', name: 'triage' }, 'level', 'mi'), ['middle'])
  t.same(await values({ type: 'ref/prompt', name: 'triage' }, 'ticket', ''), [], 'nobody knows')
  t.same(await values({ type: 'ref/resource', uri: 'tickets://{project}/{number}' }, 'number', '1', { project: 'a' }), ['17a', '18a'])
  t.same(await values({ type: 'ref/resource', uri: 'tickets://open' }, 'number', '1'), [])
  await t.rejects(values({ type: 'ref/prompt', name: 'nothing' }, 'level', ''), { code: -32602 })
})

t.test('long lists come in pages, without a gap or a double', async (t) => {
  const { client, service } = await start(t)
  const names = Array.from({ length: 600 }, (_, index) => `tool_${index}`)
  for (const name of names) service.mcp.addTool({ name, description: name, input: Type.Object({}) }, () => ({ text: name }))
  const listed: string[] = []
  let cursor: string | undefined
  let pages = 0
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor })
    listed.push(...page.tools.map(({ name }) => name))
    cursor = page.nextCursor
    pages++
    if (pages === 1) service.mcp.removeTool('tool_5')
  } while (cursor !== undefined)
  t.ok(pages > 2)
  t.same(listed.filter((name) => name.startsWith('tool_')), names)
  await t.rejects(client.listTools({ cursor: 'bm90aGluZw' }), { code: -32602, message: /Invalid cursor/ })
})

t.test('what comes and goes is told, and gone is gone', async (t) => {
  const { client, service, heard } = await startListening(t)
  service.mcp.addTool({ name: 'late', description: 'Came later.', input: Type.Object({}) }, () => ({ text: 'late' }))
  t.match(await client.callTool({ name: 'late' }), { content: [{ text: 'late' }] })
  t.equal(service.mcp.removeTool('late'), true)
  t.equal(service.mcp.removeTool('late'), false)
  await t.rejects(client.callTool({ name: 'late' }), { code: -32602 })
  t.equal(service.mcp.removePrompt('greet'), true)
  t.equal(service.mcp.removeResource('tickets://logo'), true)
  t.equal(service.mcp.removeResourceTemplate('tickets://{project}/{number}'), true)
  await until(() => heard.length === 5)
  t.same(heard, ['tools', 'tools', 'prompts', 'resources', 'resources'].map((list) => `notifications/${list}/list_changed`))
})

t.test('what can not be offered is refused when it is added', async (t) => {
  const { service: { mcp } } = await start(t)
  const wrong: Array<[string, () => void]> = [
    ['a URI that is none', () => { mcp.addResource({ uri: 'no uri', name: 'x' }, () => null) }],
    ['a URI that is taken', () => { mcp.addResource({ uri: 'tickets://open', name: 'x' }, () => null) }],
    ['a template without a variable', () => { mcp.addResourceTemplate({ uriTemplate: 'tickets://x', name: 'x' }, () => null) }],
    ['a template that can not be read', () => { mcp.addResourceTemplate({ uriTemplate: 'tickets://{x', name: 'x' }, () => null) }],
    ['a variable that is not there', () => { mcp.addResourceTemplate({ uriTemplate: 'tickets://{x}', name: 'x', complete: { y: () => [] } }, () => null) }],
    ['an argument that is no string', () => { mcp.addPrompt({ name: 'x', input: Type.Object({ n: Type.Integer() }) }, () => '') }],
    ['a prompt without a name', () => { mcp.addPrompt({ name: '' }, () => '') }],
    ['a prompt that is there', () => { mcp.addPrompt({ name: 'greet' }, () => '') }],
    ['a tool whose input is no object', () => { mcp.addTool({ name: 'x', description: '', input: Type.String() }, () => ({})) }]
  ]
  for (const [name, add] of wrong) t.throws(add, { code: 'CATALOG_INVALID' }, name)
})

t.test('what a hook does to a list is done to this answer alone', async (t) => {
  const { client, service: { mcp } } = await start(t)
  const before = await client.listTools()
  let word = 'first'
  mcp.addHook(async ({ method }, next) => {
    const result = await next()
    if (method === 'tools/list') for (const tool of Object(result).tools) tool.description = `${word}: ${tool.description}`
    return result
  })
  for (const each of ['first', 'second']) {
    word = each
    const { tools } = await client.listTools()
    t.same(tools.map(({ description }) => description), before.tools.map(({ description }) => `${each}: ${description}`))
  }
})

t.test('hooks stand around every operation, the first one outermost', async (t) => {
  const { client, service: { mcp } } = await start(t)
  const seen: string[] = []
  mcp.addHook(async ({ method, operation }, next) => {
    seen.push(`${operation.client.name} ${method}`)
    const result = await next()
    seen.push('done')
    return result
  })
  mcp.addHook(async ({ method, params }, next) => {
    if (params['name'] === 'greet' || params['name'] === 'dust_list_agents') throw new ToolError('Not on Sundays.')
    seen.push(`inner ${method}`)
    return { ...await next(), _meta: { 'test/hooked': true } }
  })
  t.match(await client.listPrompts(), { prompts: Array, _meta: { 'test/hooked': true } })
  t.same(seen, ['test prompts/list', 'inner prompts/list', 'done'])
  t.match(await client.callTool({ name: 'dust_list_agents' }), { isError: true, content: [{ text: 'Not on Sundays.' }] })
  await t.rejects(client.getPrompt({ name: 'greet' }), { code: -32000, message: /Not on Sundays/ })
})
