import t, { type Test } from 'tap'
import { collectEvents, startEmulator } from './emulated-dust.ts'
import { connect, fail, json, startDust } from './scripted-dust.ts'

async function start (t: Test) {
  const dust = await startEmulator(t)
  return { ...dust, client: connect(t, dust.baseUrl, { apiKey: 'sk-demo' }) }
}

const handbook = { spaceId: 'vlt_global', dataSourceViewId: 'dsv_handbook' }

t.test('spaces and what is seen from them', async (t) => {
  const { client } = await start(t)
  t.strictSame((await client.listSpaces()).map(({ kind }) => kind), ['global', 'system', 'regular'])
  t.strictSame(await client.listSpaces({ kinds: ['project'] }), [{ sId: 'vlt_launch', name: 'Launch', kind: 'project', isRestricted: false }])
  const views = await client.listDataSourceViews('vlt_global')
  t.match(views, [
    { sId: 'dsv_handbook', category: 'folder', kind: 'default', parentsIn: null, dataSource: { name: 'handbook', connectorProvider: null } },
    { sId: 'dsv_notion', category: 'managed', kind: 'custom', parentsIn: ['notion-product'], dataSource: { connectorProvider: 'notion' } }
  ])
  await t.rejects(client.listDataSourceViews('nowhere'), { name: 'DustError', kind: 'not_found', type: 'space_not_found', message: /list the spaces/ })
})

t.test('a view is searched by meaning, best document first', async (t) => {
  const { client } = await start(t)
  const documents = await client.searchDocuments({ ...handbook, query: 'How many days of holiday?' })
  t.match(documents[0], { documentId: 'handbook-leave', title: 'Vacation and leave', text: null, tags: ['policy', 'people'], chunks: [{ text: /thirty days of vacation/, offset: 0, score: Number }] })
  t.equal((await client.searchDocuments({ ...handbook, query: 'days', topK: 1 })).length, 1)
  t.strictSame(await client.searchDocuments({ ...handbook, query: 'salary' }), [])
})

t.test('whole texts come only when they are asked for, although Dust takes "false" for true', async (t) => {
  const { client } = await start(t)
  const texts = async (fullText: boolean) => (await client.searchDocuments({ ...handbook, query: 'vacation', fullText })).map(({ text }) => text)
  t.match(await texts(true), [/vacation a year.*\n\nParents/])
  t.strictSame(await texts(false), [null])
})

t.test('a search is narrowed by time, tags and branches, with several of each', async (t) => {
  const { client } = await start(t)
  const ids = async (filter: object) => (await client.searchDocuments({ ...handbook, query: 'days receipt friday', ...filter })).map(({ documentId }) => documentId).sort()
  t.strictSame(await ids({}), ['handbook-expenses', 'handbook-leave', 'handbook-onboarding'])
  t.strictSame(await ids({ tagsIn: ['finance', 'nothing'] }), ['handbook-expenses'])
  t.strictSame(await ids({ tagsNot: ['finance', 'policy'] }), ['handbook-onboarding'])
  t.strictSame(await ids({ parentsIn: ['handbook-travel'] }), ['handbook-expenses'])
  t.strictSame(await ids({ parentsNot: ['handbook-travel', 'handbook-leave'] }), ['handbook-onboarding'])
  const [leave] = await client.searchDocuments({ ...handbook, query: 'vacation' })
  t.strictSame(await ids({ after: leave?.timestamp }), ['handbook-onboarding'])
  t.strictSame(await ids({ before: leave?.timestamp }), ['handbook-expenses'])
})

t.test('a search in what is not there says so', async (t) => {
  const { client, emulator } = await start(t)
  await t.rejects(client.searchDocuments({ ...handbook, query: 'x', dataSourceViewId: 'dsv_docs' }), { name: 'DustError', kind: 'not_found', type: 'data_source_view_not_found', message: /list the data source views/ })
  await t.rejects(client.searchDocuments({ ...handbook, query: 'x', spaceId: 'nowhere' }), { name: 'DustError', type: 'space_not_found' })
  emulator.faults.replace([{ kind: 'error', operation: 'data_source_views.search', status: 400, type: 'data_source_error', message: 'There was an error with "vacation days".' }])
  const error: unknown = await client.searchDocuments({ ...handbook, query: 'vacation days' }).catch((error: unknown) => error)
  t.match(error, { kind: 'bad_request', type: 'data_source_error' })
  t.notMatch(error, { message: /vacation/ })
})

t.test('nodes are found by their titles in all shared spaces, page by page', async (t) => {
  const { client } = await start(t)
  const titles: string[] = []
  let pages = 0
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await client.searchNodes({ query: 'launch checklist', limit: 25, ...(cursor !== undefined && { cursor }) })
    titles.push(...page.nodes.map(({ title }) => title))
    t.equal(page.total, 60)
    cursor = page.nextCursor
    pages++
  }
  t.equal(pages, 3)
  t.strictSame(titles, Array.from({ length: 60 }, (_, index) => `Launch checklist ${index + 1}`))
})

t.test('what was shared with nobody is not found, unless its space is named', async (t) => {
  const { client } = await start(t)
  t.strictSame((await client.searchNodes({ query: 'salary' })).nodes, [])
  t.match((await client.searchNodes({ query: 'salary', spaceIds: ['vlt_system'] })).nodes, [{ internalId: 'notion-salaries' }])
  t.strictSame(await client.searchNodes({ query: 'salary', spaceIds: [] }), { nodes: [], nextCursor: null, total: 0, isQueryTruncated: false })
})

t.test('a search for nodes takes types, addresses, ids and long queries', async (t) => {
  const { client } = await start(t)
  const ids = async (search: Parameters<typeof client.searchNodes>[0]) => (await client.searchNodes(search)).nodes.map(({ internalId }) => internalId)
  t.strictSame(await ids({ query: 'e', type: 'table' }), ['figures-revenue', 'figures-headcount'])
  t.strictSame(await ids({ query: 'docs.example.com' }), [])
  t.strictSame(await ids({ query: 'docs.example.com', searchSourceUrls: true }), ['docs-deploy', 'docs-hebrew', 'docs-japanese'])
  t.strictSame(await ids({ nodeIds: ['docs-deploy', 'nothing', 'notion-roadmap'] }), ['notion-roadmap', 'docs-deploy'])
  t.strictSame(await ids({ query: 'מדריך' }), ['docs-hebrew'])
  t.equal((await client.searchNodes({ query: 'word '.repeat(100) })).isQueryTruncated, true)
  await t.rejects(client.searchNodes({ query: 'launch', cursor: 'nonsense' }), { name: 'DustError', kind: 'bad_request', type: 'invalid_pagination_parameters', message: /without a cursor/ })
  await t.rejects(client.searchNodes({ query: 'launch', spaceIds: ['nowhere'] }), { name: 'DustError', kind: 'not_found', type: 'space_not_found' })
})

t.test('a node that was found is attached, and the agent reads it', async (t) => {
  const { client } = await start(t)
  const [node] = (await client.searchNodes({ query: 'roadmap' })).nodes
  const attachment = { title: node?.title ?? '', nodeId: node?.internalId ?? '', nodeDataSourceViewId: node?.dataSourceViews[0]?.sId ?? '' }
  const run = await client.startRun({ agentId: 'proofreader', content: 'What is planned?', attachments: [attachment] })
  const events = await collectEvents(client.messageEvents(run))
  t.match(events.at(-1), { event: { message: { content: /Roadmap 2026 has \d+ bytes and begins "In spring we rebuild checkout/ } } })
  const attached = await client.attach(run.conversationId, attachment)
  t.match(attached, { contentFragmentType: 'content_node', nodeId: 'notion-roadmap', nodeDataSourceViewId: 'dsv_notion' })
})

t.test('a search for nodes is asked again when it fails on the way', async (t) => {
  const { client, emulator } = await start(t)
  emulator.faults.replace([{ kind: 'reset', operation: 'nodes.search', when: 'mid_answer' }, { kind: 'html', operation: 'nodes.search', status: 502 }])
  t.equal((await client.searchNodes({ query: 'roadmap' })).nodes.length, 1)
})

t.test('what a search sends', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, call.path === '/spaces' ? { spaces: [{ sId: 's1', kind: 'regular' }, { sId: 's0', kind: 'system' }] } : { nodes: [{ title: 'no id' }] }) })
  const client = connect(t, dust.baseUrl)
  t.strictSame(await client.searchNodes({ query: 'x', limit: 3, cursor: 'c/1' }), { nodes: [], nextCursor: null, total: null, isQueryTruncated: false })
  t.equal(dust.calls[0]?.request.url, '/api/v1/w/demo/spaces?kinds=global%2Cregular%2Cproject')
  t.equal(dust.calls[1]?.request.url, '/api/v1/w/demo/search?limit=3&cursor=c%2F1')
  t.strictSame(JSON.parse(dust.calls[1]?.body ?? ''), { query: 'x', searchSourceUrls: false, viewType: 'all', spaceIds: ['s1'], includeDataSources: false, limit: 3 })
  await client.searchDocuments({ ...handbook, query: 'x', tagsIn: ['a', 'b'] })
  t.equal(dust.calls[2]?.request.url, '/api/v1/w/demo/spaces/vlt_global/data_source_views/dsv_handbook/search?query=x&top_k=10&full_text=&tags_in=a&tags_in=b')
})

t.test('an abort ends each of them, and errors have their operation', async (t) => {
  const dust = await startDust(t, (call) => { fail(call, 400, 'invalid_request_error') })
  const client = connect(t, dust.baseUrl)
  const calls: Array<[string, (signal?: AbortSignal) => Promise<unknown>]> = [
    ['list_spaces', (signal) => client.listSpaces({ ...(signal && { signal }) })],
    ['list_data_source_views', (signal) => client.listDataSourceViews('s', signal)],
    ['search_documents', (signal) => client.searchDocuments({ ...handbook, query: 'x' }, signal)],
    ['search_nodes', (signal) => client.searchNodes({ query: 'x', spaceIds: ['s'] }, signal)]
  ]
  for (const [operation, call] of calls) {
    await t.rejects(call(), { name: 'DustError', operation, kind: 'bad_request' })
    await t.rejects(call(AbortSignal.abort()), { name: 'DustError', operation, kind: 'cancelled' })
  }
})
