import t from 'tap'
import { headers, startEmulator } from './caller.ts'

interface Documents { documents: Array<{ document_id: string, text: string | null }> }
interface Nodes { nodes: Array<{ internalId: string }>, nextPageCursor: string | null }

const search = '/spaces/vlt_global/data_source_views/dsv_handbook/search'
const body = { query: 'launch', viewType: 'all', spaceIds: ['vlt_launch'], includeDataSources: false, limit: 3 }

t.test('full_text=false means true, and only an empty one means false', async (t) => {
  const { sendJson } = await startEmulator(t)
  for (const [value, isWhole] of [['true', true], ['false', true], ['', false]] as const) {
    const answer = await sendJson<Documents>('GET', `${search}?query=vacation&top_k=5&full_text=${value}`)
    t.equal(answer.body.documents[0]?.text !== null, isWhole, `full_text=${value}`)
  }
  for (const query of ['top_k=5&full_text=', 'query=x&full_text=', 'query=x&top_k=5', 'query=x&top_k=some&full_text=']) {
    t.match(await sendJson('GET', `${search}?${query}`), { status: 400, body: { error: { type: 'invalid_request_error', message: /^Invalid query parameters: / } } }, query)
  }
})

t.test('a data source is searched where it is whole', async (t) => {
  const { sendJson } = await startEmulator(t)
  const query = 'search?query=salary&top_k=5&full_text='
  t.match((await sendJson<Documents>('GET', `/spaces/vlt_system/data_sources/dts_notion/${query}`)).body.documents, [{ document_id: 'notion-salaries' }])
  t.match(await sendJson('GET', `/spaces/vlt_global/data_sources/dts_notion/${query}`), { status: 404, body: { error: { type: 'data_source_not_found' } } })
  t.match((await sendJson<Documents>('GET', `/spaces/vlt_global/data_source_views/dsv_notion/${query}`)).body.documents, [])
})

t.test('the page of a search for nodes comes from the address, not from the body', async (t) => {
  const { sendJson } = await startEmulator(t)
  t.equal((await sendJson<Nodes>('POST', '/search', body)).body.nodes.length, 25)
  const first = await sendJson<Nodes>('POST', '/search?limit=2', body)
  t.strictSame(first.body.nodes.map(({ internalId }) => internalId), ['launch-1', 'launch-2'])
  const second = await sendJson<Nodes>('POST', `/search?limit=2&cursor=${first.body.nextPageCursor}`, body)
  t.strictSame(second.body.nodes.map(({ internalId }) => internalId), ['launch-3', 'launch-4'])
  for (const query of ['limit=0', 'limit=many', 'cursor=nonsense']) t.match(await sendJson('POST', `/search?${query}`, body), { status: 400, body: { error: { type: 'invalid_pagination_parameters' } } }, query)
})

t.test('no space is no space', async (t) => {
  const { sendJson } = await startEmulator(t)
  t.match((await sendJson<Nodes>('POST', '/search', { ...body, spaceIds: [] })).body, { nodes: [], resultsCount: 0 })
  t.match(await sendJson('POST', '/search', { ...body, spaceIds: ['vlt_launch', 'nowhere'] }), { status: 404, body: { error: { type: 'space_not_found' } } })
})

t.test('a search for nodes needs all of its fields, and one thing to look for', async (t) => {
  const { sendJson } = await startEmulator(t)
  for (const field of ['query', 'viewType', 'spaceIds', 'includeDataSources', 'limit'] as const) {
    const { [field]: _left, ...rest } = body
    t.match(await sendJson('POST', '/search', rest), { status: 400, body: { error: { type: 'invalid_request_error' } } }, field)
  }
  t.match(await sendJson('POST', '/search', { ...body, nodeIds: ['x'] }), { status: 400 })
  t.match(await sendJson('POST', '/search', { ...body, viewType: 'documents' }), { status: 400 })
})

t.test('a search as a stream tells its failures in the stream', async (t) => {
  const { base } = await startEmulator(t)
  const read = async (query: string) => {
    const response = await fetch(`${base}/search?${query}`, { headers })
    return { status: response.status, text: await response.text() }
  }
  t.match(await read('query=launch&limit=1&spaceIds=vlt_launch&includeTools=false'), { status: 200, text: /^data: \{"knowledgeResults":\{"nodes":\[\{"internalId":"launch-1"[^\n]*\n\n$/ })
  t.match(await read('query=la&spaceIds=vlt_launch'), { status: 200, text: /^data: \{"error":\{"status":400,"error":\{"type":"invalid_request_error"/ })
  t.match(await read('query=launch&spaceIds=nowhere'), { status: 200, text: /"type":"space_not_found"/ })
  for (const query of ['query=launch&limit=101', 'query=launch&viewType=documents', 'limit=5']) t.equal((await read(query)).status, 400, query)
})
