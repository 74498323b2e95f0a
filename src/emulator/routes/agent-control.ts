import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'

const text = Type.Optional(Type.String())
const newAgent = Type.Object({ name: Type.String({ minLength: 1 }), sId: Type.Optional(Type.String({ pattern: '^\\w+$' })), description: text, scope: text, like: text }, { additionalProperties: false })
const change = Type.Object({ name: text, description: text, scope: text, status: text }, { additionalProperties: false, minProperties: 1 })
const crowd = Type.Object({ agents: Type.Integer({ minimum: 0, maximum: 5000 }) }, { additionalProperties: false })

/** Agents that come, change and go while somebody is connected. */
export const agentControlRoutes: FastifyPluginAsync = async (scope) => {
  const { agents } = scope.emulator.workspace

  scope.post<{ Body: Static<typeof newAgent> }>('/agents', { schema: { body: newAgent } }, async ({ body }) => ({ agent: agents.add(body) }))

  scope.patch<{ Params: { sId: string }, Body: Static<typeof change> }>('/agents/:sId', { schema: { body: change } }, async ({ params, body }) =>
    ({ agent: agents.change(params.sId, body) }))

  scope.put<{ Body: Static<typeof crowd> }>('/crowd', { schema: { body: crowd } }, async ({ body }) => {
    agents.fillUpTo(body.agents)
    return { agents: agents.configurations().filter(({ status }) => status === 'active').length }
  })
}
