import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { spaces, views, type View } from '../knowledge/catalogue.ts'
import { searchDocuments } from '../knowledge/document-search.ts'
import { entriesThrough, findView, hasSpace } from '../knowledge/library.ts'

const oneOrMore = Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]))
const wholeNumber = Type.String({ pattern: '^\\d+$' })
const spacesQuery = Type.Object({ kinds: Type.Optional(Type.String()) })
const spacePath = Type.Object({ wId: Type.String(), spaceId: Type.String() })
const searchPath = Type.Object({ wId: Type.String(), spaceId: Type.String(), id: Type.String() })
const searchQuery = Type.Object({
  query: Type.String(),
  top_k: wholeNumber,
  full_text: Type.String(),
  target_document_tokens: Type.Optional(wholeNumber),
  timestamp_gt: Type.Optional(wholeNumber),
  timestamp_lt: Type.Optional(wholeNumber),
  tags_in: oneOrMore,
  tags_not: oneOrMore,
  parents_in: oneOrMore,
  parents_not: oneOrMore
})
type SearchQuery = Static<typeof searchQuery>

/** Spaces, what can be seen from them, and the search in it. */
export const knowledgeRoutes: FastifyPluginAsync = async (scope) => {
  scope.get<{ Querystring: Static<typeof spacesQuery> }>('/', {
    config: { dustOperation: 'spaces.list' },
    schema: { querystring: spacesQuery }
  }, async ({ query }) => {
    const kinds = (query.kinds ?? 'system,global,regular').split(',')
    return { spaces: spaces.filter(({ kind }) => kinds.includes(kind)) }
  })

  scope.get<{ Params: Static<typeof spacePath> }>('/:spaceId/data_source_views', {
    config: { dustOperation: 'data_source_views.list' },
    schema: { params: spacePath }
  }, async ({ params }) => {
    assertSpace(params.spaceId)
    return { dataSourceViews: views.filter(({ spaceId }) => spaceId === params.spaceId) }
  })

  scope.get<{ Params: Static<typeof searchPath>, Querystring: SearchQuery }>('/:spaceId/data_source_views/:id/search', {
    config: { dustOperation: 'data_source_views.search' },
    schema: { params: searchPath, querystring: searchQuery }
  }, async ({ params, query }) => {
    assertSpace(params.spaceId)
    const view = findView(params.spaceId, params.id)
    if (view === undefined) throw new ApiError(404, 'data_source_view_not_found', 'The data source view was not found.')
    return answer(view, query)
  })

  scope.get<{ Params: Static<typeof searchPath>, Querystring: SearchQuery }>('/:spaceId/data_sources/:id/search', {
    config: { dustOperation: 'data_sources.search' },
    schema: { params: searchPath, querystring: searchQuery }
  }, async ({ params, query }) => {
    assertSpace(params.spaceId)
    const view = views.find(({ spaceId, dataSource, kind }) => spaceId === params.spaceId && dataSource.sId === params.id && kind === 'default')
    if (view === undefined) throw new ApiError(404, 'data_source_not_found', 'The data source was not found.')
    return answer(view, query)
  })
}

function assertSpace (spaceId: string): void {
  if (!hasSpace(spaceId)) throw new ApiError(404, 'space_not_found', 'The space was not found.')
}

function answer (view: View, query: SearchQuery) {
  if (query.query.trim() === '') throw invalidRequest('Invalid query parameters: query must not be empty')
  const documents = searchDocuments(entriesThrough(view), {
    query: query.query,
    topK: Number(query.top_k),
    // As JavaScript turns a text into true or false: "false" is a text.
    isFullText: Boolean(query.full_text),
    after: toNumber(query.timestamp_gt),
    before: toNumber(query.timestamp_lt),
    tagsIn: toList(query.tags_in),
    tagsNot: toList(query.tags_not) ?? [],
    parentsIn: toList(query.parents_in),
    parentsNot: toList(query.parents_not) ?? []
  })
  return { documents }
}

function toNumber (text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text)
}

function toList (value: string | string[] | undefined): string[] | undefined {
  return typeof value === 'string' ? [value] : value
}
