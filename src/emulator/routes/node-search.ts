import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { searchNodes } from '../knowledge/node-search.ts'

const searchBody = Type.Object({
  query: Type.Optional(Type.String()),
  nodeIds: Type.Optional(Type.Array(Type.String())),
  viewType: Type.Unsafe<string>({ enum: ['all', 'document', 'table'] }),
  spaceIds: Type.Array(Type.String()),
  includeDataSources: Type.Boolean(),
  limit: Type.Number(),
  searchSourceUrls: Type.Optional(Type.Boolean())
})
const pageQuery = Type.Object({ limit: Type.Optional(Type.String()), cursor: Type.Optional(Type.String()) })
const streamQuery = Type.Object({
  query: Type.Optional(Type.String()),
  limit: Type.Optional(Type.String()),
  cursor: Type.Optional(Type.String()),
  viewType: Type.Optional(Type.String()),
  spaceIds: Type.Optional(Type.String()),
  includeTools: Type.Optional(Type.String()),
  searchSourceUrls: Type.Optional(Type.String())
})

const usualLimit = 25

/** Search for nodes across the workspace: as one answer, or as a stream that goes on with what tools find. */
export const nodeSearchRoutes: FastifyPluginAsync = async (scope) => {
  // The page comes from the query: the limit in the body has to be there, and counts for nothing.
  scope.post<{ Body: Static<typeof searchBody>, Querystring: Static<typeof pageQuery> }>('/', {
    config: { dustOperation: 'nodes.search' },
    schema: { body: searchBody, querystring: pageQuery }
  }, async ({ body, query }) => {
    if ((body.query === undefined) === (body.nodeIds === undefined)) throw invalidRequest('Invalid request body: either query or nodeIds is required')
    const limit = query.limit === undefined ? usualLimit : Number(query.limit)
    if (!Number.isInteger(limit) || limit < 1) throw new ApiError(400, 'invalid_pagination_parameters', 'Invalid pagination parameters.')
    return searchNodes({ ...body, query: body.query, nodeIds: body.nodeIds, areAddressesSearched: body.searchSourceUrls === true, limit, cursor: query.cursor })
  })

  scope.get<{ Querystring: Static<typeof streamQuery> }>('/', {
    config: { dustOperation: 'nodes.stream' },
    schema: { querystring: streamQuery }
  }, async ({ query }, reply) => {
    const limit = Number(query.limit ?? usualLimit)
    if (!Number.isInteger(limit) || limit < 1 || limit > 100) throw invalidRequest('limit must be a number between 1 and 100.')
    const { query: words, viewType = 'all' } = query
    if (words === undefined) throw invalidRequest('Invalid query parameters: query is required')
    if (!['all', 'document', 'table'].includes(viewType)) throw invalidRequest('Invalid query parameters: viewType is not a known view type')
    return reply.header('content-type', 'text/event-stream').send(frames().map((frame) => `data: ${JSON.stringify(frame)}\n\n`).join(''))

    function frames (): object[] {
      try {
        if (Array.from(words ?? '').length < 3) throw invalidRequest('The query must have at least 3 characters.')
        const knowledgeResults = searchNodes({
          query: words,
          nodeIds: undefined,
          viewType,
          spaceIds: query.spaceIds === undefined ? [] : query.spaceIds.split(','),
          areAddressesSearched: query.searchSourceUrls === 'true',
          limit,
          cursor: query.cursor
        })
        const areToolsAsked = query.includeTools !== 'false' && query.cursor === undefined
        return [{ knowledgeResults }, ...(areToolsAsked ? [mail(1), mail(2)] : [])]
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        // The stream has begun by now, so the failure is in it.
        return [{ error: { status: error.statusCode, ...error.body() } }]
      }
    }

    function mail (number: number) {
      return {
        toolResults: [{
          internalId: `mail-${number}`,
          externalId: `m${number}`,
          title: `Mail ${number} about ${words}`,
          type: 'document',
          mimeType: 'message/rfc822',
          serverName: 'gmail',
          serverIcon: 'GmailLogo',
          serverViewId: 'msv_gmail',
          sourceUrl: null
        }]
      }
    }
  })
}
