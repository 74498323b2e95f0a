import t, { type Test } from 'tap'
import { connectAs } from '../../e2e/clients/connect-as.ts'
import { startEmulator, startService } from '../../helper.ts'

const HANDBOOK = { spaceId: 'vlt_global', dataSourceViewId: 'dsv_handbook' }

async function start (t: Test) {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const client = await connectAs(t, 'SDK v1', address)
  const call = async (name: string, args: Record<string, unknown> = {}) => {
    const { text, isError, structured } = await client.call(name, args)
    const { spaces, dataSources, documents, nodes, nextCursor, total } = structured
    return { text, isError, spaces, dataSources, documents, nodes, nextCursor, total }
  }
  return { emulator: emulator.emulator, call }
}

function titlesOf (nodes: unknown): string[] {
  return (nodes as Array<{ title: string }>).map(({ title }) => title)
}

t.test('tells which spaces there are, but not of the one that was shared with nobody', async (t) => {
  const { call } = await start(t)
  const { spaces, text } = await call('dust_list_spaces')
  t.match(spaces, [{ spaceId: 'vlt_global', kind: 'global' }, { kind: 'regular' }, { spaceId: 'vlt_launch', name: 'Launch', kind: 'project', isRestricted: false }])
  t.notMatch(text, /system/)
  t.match(text, /Launch \(id: vlt_launch, project\)/)
})

t.test('tells which data sources are seen from a space', async (t) => {
  const { call } = await start(t)
  const { dataSources, text } = await call('dust_list_data_sources', { spaceId: 'vlt_global' })
  t.match(dataSources, [
    { dataSourceViewId: 'dsv_handbook', name: 'handbook', category: 'folder', provider: null, isPart: false },
    { dataSourceViewId: 'dsv_notion', category: 'managed', provider: 'notion', isPart: true }
  ])
  t.match(text, /handbook \(view: dsv_handbook, folder\)/)
  t.match(await call('dust_list_data_sources', { spaceId: 'nowhere' }), { isError: true, text: /list the spaces/ })
})

t.test('searches a data source by meaning', async (t) => {
  const { call } = await start(t)
  const { documents, text } = await call('dust_search', { ...HANDBOOK, query: 'How many days of holiday?' })
  t.match(documents, [{ nodeId: 'handbook-leave', title: 'Vacation and leave', updatedAt: /^\d{4}-/, passages: [/thirty days of vacation/] }])
  t.match(text, /## Vacation and leave \(nodeId: handbook-leave\)[^]*thirty days of vacation/)
  t.equal(titlesOf((await call('dust_search', { ...HANDBOOK, query: 'days', limit: 1 })).documents).length, 1)
  t.match(await call('dust_search', { ...HANDBOOK, query: 'salary' }), { documents: [], text: /Nothing fits/ })
  t.match(await call('dust_search', { ...HANDBOOK, query: 'x', dataSourceViewId: 'nowhere' }), { isError: true, text: /list the data source views/ })
})

t.test('searches only before or after a time', async (t) => {
  const { call } = await start(t)
  const query = 'days receipt friday'
  const all = titlesOf((await call('dust_search', { ...HANDBOOK, query })).documents)
  const { documents } = await call('dust_search', { ...HANDBOOK, query: 'vacation' })
  const [{ updatedAt }] = documents as [{ updatedAt: string }]
  const [later, earlier] = await Promise.all([{ after: updatedAt }, { before: updatedAt }].map(async (filter) => titlesOf((await call('dust_search', { ...HANDBOOK, query, ...filter })).documents)))
  t.same(new Set([...later ?? [], ...earlier ?? [], 'Vacation and leave']), new Set(all))
  t.match([later?.length, earlier?.length], [1, 1])
  t.match(await call('dust_search', { ...HANDBOOK, query, after: 'yesterday' }), { isError: true, text: /date-time/ })
})

t.test('finds documents by title in all shared spaces, page by page', async (t) => {
  const { call } = await start(t)
  const titles: string[] = []
  for (let cursor: unknown, pages = 1; ; pages++) {
    const { nodes, nextCursor, total } = await call('dust_search_nodes', { query: 'launch checklist', ...(cursor === undefined ? {} : { cursor }) })
    titles.push(...titlesOf(nodes))
    t.equal(total, 60)
    cursor = nextCursor
    if (cursor !== undefined) continue
    t.equal(pages, 3)
    break
  }
  t.same(titles, Array.from({ length: 60 }, (_, index) => `Launch checklist ${index + 1}`))
})

t.test('does not find what was shared with nobody', async (t) => {
  const { call } = await start(t)
  t.match(await call('dust_search_nodes', { query: 'salary' }), { nodes: [], isError: false, text: /Nothing has such a title/ })
})

t.test('finds only documents or tables, and only in some spaces', async (t) => {
  const { call } = await start(t)
  const types = async (type: string) => new Set(((await call('dust_search_nodes', { query: 'launch', type })).nodes as Array<{ type: string }>).map(({ type }) => type))
  t.same(await types('document'), new Set(['document']))
  t.match(await call('dust_search_nodes', { query: 'launch checklist', spaceIds: ['vlt_global'] }), { nodes: [] })
  t.match(await call('dust_search_nodes', { query: 'launch checklist', spaceIds: ['nowhere'] }), { isError: true, text: /list the spaces/ })
  t.match(await call('dust_search_nodes', { query: 'x', type: 'tables' }), { isError: true, text: /Invalid arguments/ })
})

t.test('what a search finds can be given to an agent', async (t) => {
  const { call } = await start(t)
  const { nodes } = await call('dust_search_nodes', { query: 'launch checklist', limit: 1 })
  const [{ nodeId, dataSourceViewId, title }] = nodes as [{ nodeId: string, dataSourceViewId: string, title: string }]
  const { documents } = await call('dust_search', { ...HANDBOOK, query: 'vacation', limit: 1 })
  const attachments = [{ title, nodeId, dataSourceViewId }, { title: 'Found', nodeId: (documents as [{ nodeId: string }])[0].nodeId, dataSourceViewId: 'dsv_handbook' }]
  t.match((await call('dust_ask_agent', { agent: 'proofreader', message: 'What?', attachments })).text, /Launch checklist 1 has \d+ bytes.*Found has \d+ bytes/)
})
