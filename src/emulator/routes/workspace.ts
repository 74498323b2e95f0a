import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'

const suggestionsQuery = Type.Object({ query: Type.String() })

/** What a key can see of the workspace itself. */
export const workspaceRoutes: FastifyPluginAsync = async (scope) => {
  scope.get('/exists', { config: { dustOperation: 'exists' } }, async () => ({ exists: true }))

  scope.get<{ Querystring: Static<typeof suggestionsQuery> }>('/assistant/mentions/suggestions', {
    config: { dustOperation: 'mentions.suggestions' },
    schema: { querystring: suggestionsQuery }
  }, async ({ query }) => {
    const wanted = query.query.toLowerCase()
    const agents = scope.emulator.workspace.agents.configurations()
      .filter(({ status, name }) => status === 'active' && name.toLowerCase().includes(wanted))
    return { suggestions: agents.map(({ sId, name, pictureUrl, description }) => ({ id: sId, type: 'agent', label: name, pictureUrl, description, userFavorite: false })) }
  })
}
