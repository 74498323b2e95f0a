import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'

const Id = Type.String({ minLength: 1, maxLength: 200 })
const NullableText = Type.Union([Type.String(), Type.Null()])
const NullableDate = Type.Union([Type.String({ format: 'date-time' }), Type.Null()])
const readOnly = { readOnlyHint: true, openWorldHint: true }
const USUAL_DOCUMENTS = 10
const USUAL_NODES = 25

/** Tools that search the knowledge of the workspace. */
export default fp(async ({ config, dust, mcp }) => {
  if (!config.tools.has('knowledge')) return

  mcp.addTool({
    name: 'dust_search',
    title: 'Search a Dust data source by meaning',
    description: 'Searches one data source of the Dust workspace by meaning, and returns the documents with the passages that fit, best first. ' +
      'Find the data source with dust_list_spaces and dust_list_data_sources. To find a document by its title, use dust_search_nodes; for an answer instead of passages, ask an agent.',
    input: Type.Object({
      query: Type.String({ pattern: '\\S', maxLength: 1000, description: 'What to look for, as a question or in a few words.' }),
      spaceId: { ...Id, description: 'As returned by dust_list_spaces.' },
      dataSourceViewId: { ...Id, description: 'As returned by dust_list_data_sources for this space.' },
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 50, default: USUAL_DOCUMENTS, description: 'How many documents at most.' })),
      after: Type.Optional(Type.String({ format: 'date-time', description: 'Only documents of after that time.' })),
      before: Type.Optional(Type.String({ format: 'date-time', description: 'Only documents of before that time.' }))
    }, { additionalProperties: false }),
    output: Type.Object({
      documents: Type.Array(Type.Object({
        nodeId: Type.String({ description: 'What dust_ask_agent takes in attachments, with dataSourceViewId.' }),
        title: NullableText,
        url: NullableText,
        updatedAt: NullableDate,
        passages: Type.Array(Type.String())
      }))
    }),
    annotations: readOnly
  }, async ({ query, spaceId, dataSourceViewId, limit = USUAL_DOCUMENTS, after, before }, operation) => {
    const found = await dust.for(operation).searchDocuments({
      query,
      spaceId,
      dataSourceViewId,
      topK: limit,
      ...(after === undefined ? {} : { after: Date.parse(after) }),
      ...(before === undefined ? {} : { before: Date.parse(before) })
    }, operation.signal)
    const documents = found.map(({ documentId, title, sourceUrl, timestamp, chunks }) =>
      ({ nodeId: documentId, title, url: sourceUrl, updatedAt: toDate(timestamp), passages: chunks.map(({ text }) => text) }))
    return {
      text: documents.length === 0
        ? 'Nothing fits. Try other words, or another data source.'
        : documents.map(({ nodeId, title, url, passages }) => [`## ${title ?? nodeId} (nodeId: ${nodeId})`, ...(url === null ? [] : [url]), ...passages].join('\n')).join('\n\n'),
      structured: { documents }
    }
  })

  mcp.addTool({
    name: 'dust_search_nodes',
    title: 'Find Dust documents by title',
    description: 'Finds documents, tables and folders by the words of their titles, in all spaces of the Dust workspace or in some. ' +
      'What is found can be attached to a question: pass its nodeId and dataSourceViewId in the attachments of dust_ask_agent. To search by meaning, use dust_search.',
    input: Type.Object({
      query: Type.String({ pattern: '\\S', maxLength: 1000, description: 'Words of the title.' }),
      spaceIds: Type.Optional(Type.Array(Id, { minItems: 1, maxItems: 100, description: 'Only in these spaces.' })),
      type: Type.Optional(Type.Unsafe<'all' | 'document' | 'table'>({ type: 'string', enum: ['all', 'document', 'table'], default: 'all', description: 'Only documents, or only tables.' })),
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: USUAL_NODES, description: 'How many at most.' })),
      cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 10_000, description: 'nextCursor of the search before, to go on with it.' }))
    }, { additionalProperties: false }),
    output: Type.Object({
      nodes: Type.Array(Type.Object({
        nodeId: Type.String(),
        dataSourceViewId: NullableText,
        title: Type.String(),
        type: Type.String({ description: 'document, table or folder.' }),
        parentTitle: NullableText,
        dataSource: Type.String(),
        url: NullableText,
        updatedAt: NullableDate
      })),
      total: Type.Union([Type.Integer(), Type.Null()], { description: 'How many there are in all, when Dust tells.' }),
      nextCursor: Type.Optional(Type.String({ description: 'There are more: pass it as cursor.' }))
    }),
    annotations: readOnly
  }, async ({ query, spaceIds, type = 'all', limit = USUAL_NODES, cursor }, operation) => {
    const page = await dust.for(operation).searchNodes({ query, type, limit, ...(spaceIds === undefined ? {} : { spaceIds }), ...(cursor === undefined ? {} : { cursor }) }, operation.signal)
    const nodes = page.nodes.map(({ internalId, dataSourceViews, title, type, parentTitle, dataSource, sourceUrl, lastUpdatedAt }) => ({
      nodeId: internalId, dataSourceViewId: dataSourceViews[0]?.sId ?? null, title, type, parentTitle, dataSource: dataSource.name, url: sourceUrl, updatedAt: toDate(lastUpdatedAt)
    }))
    return {
      text: [
        ...nodes.map(({ nodeId, dataSourceViewId, title, type, dataSource }) => `- ${title} (${type} of ${dataSource}; nodeId: ${nodeId}, dataSourceViewId: ${dataSourceViewId ?? 'none'})`),
        ...(nodes.length === 0 ? ['Nothing has such a title. Try fewer words, or dust_search for a search by meaning.'] : []),
        ...(page.isQueryTruncated ? ['The query was too long: only its beginning counted.'] : []),
        ...(page.nextCursor === null ? [] : [`There are more: cursor ${page.nextCursor}`])
      ].join('\n'),
      structured: { nodes, total: page.total, ...(page.nextCursor === null ? {} : { nextCursor: page.nextCursor }) }
    }
  })
}, { name: 'tools-search', dependencies: ['config', 'dust', 'mcp'] })

/** `null` when Dust doesn't tell, or nothing that is a time. */
function toDate (ms: number | null): string | null {
  const date = new Date(ms ?? 0)
  return date.getTime() > 0 ? date.toISOString() : null
}
