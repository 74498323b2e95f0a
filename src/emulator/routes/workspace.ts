import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { directory } from '../agents/directory.ts'

const suggestionsQuery = Type.Object({ query: Type.String() })
const spacesQuery = Type.Object({ kinds: Type.Optional(Type.String()) })

const spaces = [
  space('vlt_global', 'Company Data', 'global', false),
  space('vlt_system', 'System', 'system', true),
  space('vlt_crew', 'Crew', 'regular', true),
  space('vlt_launch', 'Launch', 'project', false)
]

/** What a key can see of the workspace itself. */
export const workspaceRoutes: FastifyPluginAsync = async (scope) => {
  scope.get('/exists', { config: { dustOperation: 'exists' } }, async () => ({ exists: true }))

  scope.get<{ Querystring: Static<typeof spacesQuery> }>('/spaces', {
    config: { dustOperation: 'spaces.list' },
    schema: { querystring: spacesQuery }
  }, async ({ query }) => {
    const kinds = (query.kinds ?? 'system,global,regular').split(',')
    return { spaces: spaces.filter(({ kind }) => kinds.includes(kind)) }
  })

  scope.get<{ Querystring: Static<typeof suggestionsQuery> }>('/assistant/mentions/suggestions', {
    config: { dustOperation: 'mentions.suggestions' },
    schema: { querystring: suggestionsQuery }
  }, async ({ query }) => {
    const wanted = query.query.toLowerCase()
    const agents = [...directory.values()].map(({ configuration }) => configuration)
      .filter(({ status, name }) => status === 'active' && name.toLowerCase().includes(wanted))
    return { suggestions: agents.map(({ sId, name, pictureUrl, description }) => ({ id: sId, type: 'agent', label: name, pictureUrl, description, userFavorite: false })) }
  })
}

function space (sId: string, name: string, kind: string, isRestricted: boolean) {
  return { sId, name, kind, groupIds: ['grp_everyone'], isRestricted, createdAt: 1768470000000, updatedAt: 1768470000000, managementMode: 'manual' }
}
