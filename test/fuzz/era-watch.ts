import fp from 'fastify-plugin'
import { classify, eraOf } from '../../src/mcp/era.ts'

/** Requests whose lane was looked at, and those where our own look and the SDK's classifier differ. */
export const watched: { session: number, stateless: number, disagreements: string[] } = { session: 0, stateless: 0, disagreements: [] }

/** A plugin that asks for the lane of each request both ways, with headers and body as the lanes get them. */
export default fp(async (fastify) => {
  fastify.addHook('preHandler', async ({ method, headers, body }) => {
    if (method !== 'POST') return
    const [ours, theirs] = [eraOf({ headers, body }), classify({ headers, body })]
    watched[theirs]++
    if (ours !== theirs) watched.disagreements.push(`${ours}, but ${theirs} by the SDK: ${JSON.stringify({ version: headers['mcp-protocol-version'], body })}`)
  })
}, { name: 'era-watch' })
