import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import type { Agent } from '../../dust/types.ts'
import { agentNotFound } from '../agents/directory.ts'
import { ApiError, invalidRequest } from '../errors.ts'

const listQuery = Type.Object({
  view: Type.Optional(Type.String()),
  withAuthors: Type.Optional(Type.Unsafe<'true' | 'false'>({ enum: ['true', 'false'] }))
})
const searchQuery = Type.Object({ q: Type.String() })
const agentPath = Type.Object({ wId: Type.String(), sId: Type.String() })
const agentQuery = Type.Object({ variant: Type.Optional(Type.Unsafe<'light' | 'full'>({ enum: ['light', 'full'] })) })

const views: Readonly<Record<string, (agent: Agent) => boolean>> = {
  all: ({ status }) => status === 'active' || status.startsWith('disabled'),
  workspace: ({ scope, status }) => scope === 'visible' && status === 'active',
  published: ({ scope, status }) => scope === 'visible' && status === 'active',
  global: ({ scope }) => scope === 'global'
}
const userViews = ['list', 'favorites']

/** The agents and their descriptions. */
export const agentRoutes: FastifyPluginAsync = async (scope) => {
  const { agents } = scope.emulator.workspace

  scope.get<{ Querystring: Static<typeof listQuery> }>('/agent_configurations', {
    config: { dustOperation: 'agents.list' },
    schema: { querystring: listQuery }
  }, async ({ query: { view = 'all', withAuthors } }) => {
    if (userViews.includes(view)) throw new ApiError(401, 'invalid_request_error', `The user must be authenticated to retrieve the view ${view}.`)
    const isShown = views[view]
    if (isShown === undefined) throw invalidRequest('Invalid query parameters: view is not a known view')
    const shown = agents.configurations().filter(isShown)
    return { agentConfigurations: withAuthors === 'true' ? shown.map((agent) => ({ ...agent, lastAuthors: ['Ada Lovelace'] })) : shown.map(withExtras) }
  })

  scope.get<{ Querystring: Static<typeof searchQuery> }>('/agent_configurations/search', {
    config: { dustOperation: 'agents.search' },
    schema: { querystring: searchQuery }
  }, async ({ query: { q } }) => {
    const wanted = q.toLowerCase()
    return { agentConfigurations: agents.configurations().filter(({ name, status }) => status === 'active' && name.toLowerCase().includes(wanted)).map(withExtras) }
  })

  scope.get<{ Params: Static<typeof agentPath>, Querystring: Static<typeof agentQuery> }>('/agent_configurations/:sId', {
    config: { dustOperation: 'agents.get' },
    schema: { params: agentPath, querystring: agentQuery }
  }, async ({ params, query }) => {
    const agent = agents.get(params.sId)?.configuration
    if (agent === undefined) throw agentNotFound()
    if (agent.scope === 'hidden') throw new ApiError(403, 'workspace_auth_error', 'Only admins can access unpublished agents.')
    return { agentConfiguration: query.variant === 'full' ? { ...agent, actions: [] } : withExtras(agent) }
  })
}

/** Fields that no reader should mind. */
function withExtras (agent: Agent): Agent & { canRead: boolean, reinforcement: string } {
  return { ...agent, canRead: true, reinforcement: 'auto' }
}
