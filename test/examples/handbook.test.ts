import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { ElicitRequestSchema, type ElicitResult } from '@modelcontextprotocol/sdk/types.js'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import t, { type Test } from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { startEmulator, startService, until } from '../helper.ts'

const LAPTOPS = '# Laptops\n\nEverybody gets one.\nA broken laptop goes to the desk on floor 3.\n'

/** The service with the example, as `EXTRA_PLUGINS` loads it, over a small handbook. */
async function start (t: Test, environment: Record<string, string> = {}) {
  const folder = t.testdir({
    'welcome.md': '# Welcome\n\nAsk at the desk for your laptop.\n',
    'notes.txt': 'A laptop that nobody should find.',
    it: { 'laptops & phones.md': LAPTOPS }
  })
  process.env['HANDBOOK_DIR'] = folder
  const { emulator, environment: dust } = await startEmulator(t)
  const running = await startService(t, { ...dust, EXTRA_PLUGINS: './examples/handbook.ts', ...environment })
  return { ...running, folder, runs: () => emulator.emulator.workspace.runs.size }
}

/** A client with sessions that answers questions in this way and notes what it is told. */
async function connect (t: Test, address: string, answer: (message: string, agents: unknown) => ElicitResult = () => ({ action: 'decline' })) {
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: {} } })
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => answer(params.message, 'requestedSchema' in params ? params.requestedSchema : null))
  const heard: string[] = []
  client.fallbackNotificationHandler = async ({ method, params }) => { heard.push(`${method} ${String(params?.['uri'] ?? '')}`.trim()) }
  t.teardown(() => client.close())
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', address)) as Transport)
  return { client, heard }
}

/** Beside the pages are the product's own. */
async function pages (client: Client) {
  return (await client.listResources()).resources.filter(({ uri }) => uri.startsWith('handbook:'))
}

t.test('its pages are resources, also through the template', async (t) => {
  const { address } = await start(t)
  const { client } = await connect(t, address)
  const resources = await pages(client)
  t.match(resources, [
    { uri: 'handbook://pages/it/laptops%20%26%20phones', name: 'it/laptops & phones', title: 'Laptops', mimeType: 'text/markdown' },
    { uri: 'handbook://pages/welcome', name: 'welcome', title: 'Welcome' }
  ])
  t.equal(resources.length, 2)
  for (const uri of ['handbook://pages/it/laptops%20%26%20phones', 'handbook://pages/it%2Flaptops%20%26%20phones']) {
    t.match(await client.readResource({ uri }), { contents: [{ uri, mimeType: 'text/markdown', text: LAPTOPS }] })
  }
  for (const uri of ['handbook://pages/../notes', 'handbook://pages/notes.txt', 'handbook://pages/%2e%2e%2fnotes']) await t.rejects(client.readResource({ uri }), { code: -32002 })
  const suggestions = await client.complete({ ref: { type: 'ref/resource', uri: 'handbook://pages/{+page}' }, argument: { name: 'page', value: 'PHONE' } })
  t.same(suggestions.completion.values, ['it/laptops & phones'])
})

t.test('the search finds pages with all words, and is counted', async (t) => {
  const { address } = await start(t)
  const { client } = await connect(t, address)
  const search = async (query: string, more = {}) => (await client.callTool({ name: 'handbook_search', arguments: { query, ...more } })).structuredContent
  t.same(await search('Broken LAPTOP'), {
    total: 1, matches: [{ page: 'it/laptops & phones', title: 'Laptops', uri: 'handbook://pages/it/laptops%20%26%20phones', excerpt: '# Laptops' }]
  })
  t.match(await search('laptop', { limit: 1 }), { total: 2, matches: { length: 1 } })
  t.same(await search('spaceship'), { total: 0, matches: [] })
  const metrics = await readMetrics(address)
  t.equal(metrics.value('handbook_pages'), 2)
  t.equal(metrics.value('handbook_searches_total', { outcome: 'found' }), 2)
  t.equal(metrics.value('handbook_searches_total', { outcome: 'nothing' }), 1)
})

t.test('a question goes to the agent that the person chooses, with the page', async (t) => {
  const { address, runs } = await start(t)
  const asked: unknown[] = []
  const { client } = await connect(t, address, (...question) => {
    asked.push(question)
    return { action: 'accept', content: { agent: 'Researcher' } }
  })
  const told: unknown[] = []
  const result = await client.callTool({ name: 'handbook_ask', arguments: { page: 'welcome', question: 'Where?' } }, undefined, { onprogress: ({ message }) => told.push(message) })
  t.match(asked, [['Which Dust agent shall read "Welcome"?', { properties: { agent: { enum: ['dust', 'Essayist', 'Researcher'] } } }]])
  t.match(result, { structuredContent: { status: 'succeeded', agent: { name: 'Researcher' } } })
  t.match(told, ['Researcher gets the page "Welcome"', /^Researcher got the message/])
  t.equal(runs(), 1)
})

t.test('nothing is sent when the person declines, or the page is not there', async (t) => {
  const { address, runs } = await start(t)
  const { client } = await connect(t, address)
  t.match(await client.callTool({ name: 'handbook_ask', arguments: { page: 'welcome', question: 'Where?' } }), { content: [{ text: /nothing was sent/ }] })
  t.match(await client.callTool({ name: 'handbook_ask', arguments: { page: 'nothing', question: 'Where?', agent: 'dust' } }), { isError: true, content: [{ text: /There is no page nothing/ }] })
  t.match(await client.callTool({ name: 'handbook_ask', arguments: { page: 'welcome', question: 'Where?', agent: 'nobody' } }), { isError: true })
  t.equal(runs(), 0)
})

t.test('a client without a session is asked, too, and the agent once', async (t) => {
  const { address, runs } = await start(t)
  const call = async (more = {}) => {
    const response = await postStateless(address, 'tools/call', { name: 'handbook_ask', arguments: { page: 'welcome', question: 'Where?' }, ...more }, { capabilities: { elicitation: {} } })
    const text = await response.text()
    return Object(JSON.parse(text.slice(text.indexOf('{')).split('\n\n', 1)[0] ?? '')).result
  }
  const { requestState, ...question } = await call()
  t.match(question, { resultType: 'input_required', inputRequests: { agent: { method: 'elicitation/create' } } })
  t.equal(runs(), 0)
  const answer = await call({ requestState, inputResponses: { agent: { action: 'accept', content: { agent: 'dust' } } } })
  t.match(answer, { structuredContent: { status: 'succeeded', agent: { name: 'dust' } } })
  t.equal(runs(), 1)
})

t.test('the prompt hands over the page', async (t) => {
  const { address } = await start(t)
  const { client } = await connect(t, address)
  const { messages } = await client.getPrompt({ name: 'handbook_question', arguments: { page: 'welcome', question: 'Where is the desk?' } })
  t.match(messages, [
    { role: 'user', content: { type: 'resource', resource: { uri: 'handbook://pages/welcome', text: /^# Welcome/ } } },
    { role: 'user', content: { type: 'text', text: /^Where is the desk\?/ } }
  ])
  await t.rejects(client.getPrompt({ name: 'handbook_question', arguments: { page: 'x', question: 'x' } }), { code: -32602, message: /There is no page x/ })
  const suggestions = await client.complete({ ref: { type: 'ref/prompt', name: 'handbook_question' }, argument: { name: 'page', value: 'wel' } })
  t.same(suggestions.completion.values, ['welcome'])
})

t.test('clients of both kinds are told when pages come, change and go', async (t) => {
  const { address, folder } = await start(t)
  const { client, heard } = await connect(t, address)
  await until(async () => (await readMetrics(address)).value('mcp_dust_server_sse_streams_open', { kind: 'standalone' }) === 1)
  await client.subscribeResource({ uri: 'handbook://pages/welcome' })

  const stopped = new AbortController()
  t.teardown(() => { stopped.abort() })
  const listen = await postStateless(address, 'subscriptions/listen', { notifications: { resourcesListChanged: true, resourceSubscriptions: ['handbook://pages/welcome'] } }, { signal: stopped.signal })
  let stream = ''
  listen.body?.pipeThrough(new TextDecoderStream()).pipeTo(new WritableStream({ write: (text) => { stream += text } })).catch(() => {})
  await until(() => stream.includes('acknowledged'))

  const page = path.join(folder, 'welcome.md')
  await writeFile(page, '# Welcome\n\nThe desk has moved.\n')
  await until(() => heard.includes('notifications/resources/updated handbook://pages/welcome') && stream.includes('notifications/resources/updated'))
  t.match(await client.readResource({ uri: 'handbook://pages/welcome' }), { contents: [{ text: /has moved/ }] })
  t.notOk(heard.includes('notifications/resources/list_changed'), 'the list is the same')

  await writeFile(path.join(folder, 'travel.md'), 'By train.\n')
  await until(() => heard.includes('notifications/resources/list_changed') && stream.includes('notifications/resources/list_changed'))
  t.match((await pages(client)).map(({ uri }) => uri), ['handbook://pages/it/laptops%20%26%20phones', 'handbook://pages/welcome', 'handbook://pages/travel'])

  await rm(page)
  await until(async () => (await pages(client)).length === 2)
  await t.rejects(client.readResource({ uri: 'handbook://pages/welcome' }), { code: -32002 })
})

t.test('its health is that of its folder', async (t) => {
  const { service, folder } = await start(t, { HEALTH_CHECK_INTERVAL: '50ms' })
  await until(() => service.health.report().checks['handbook']?.status === 'ok')
  await rm(folder, { recursive: true })
  await until(() => service.health.report().checks['handbook']?.status === 'error')
  t.match(service.health.report().checks['handbook'], { reason: /ENOENT/ })
  t.equal(service.health.unreadyBecause(), null, 'the rest serves on')
})
