import type { FastifyPluginAsync } from 'fastify'
import { describeResource, metadataPaths } from '../src/auth/resource-metadata.ts'

/** Answered however busy the process is: who can't log in only asks again. */
const config = { pressureHandler: () => {} }

/** How long clients may keep it, in seconds. */
const MAX_AGE = 300

/** Tells clients where to get a token for this service: also those that have none yet, and pages of any origin. */
const oauthMetadataRoutes: FastifyPluginAsync = async (fastify) => {
  const { oauth } = fastify.config.access
  if (oauth === null) return
  const description = describeResource(oauth)

  fastify.addHook('onRequest', async (_request, reply) => {
    reply.header('access-control-allow-origin', '*')
  })

  for (const path of metadataPaths(oauth.audience)) {
    fastify.get(path, { config }, async (_request, reply) => reply.header('cache-control', `public, max-age=${MAX_AGE}`).send(description))
    // The official clients send the revision that they speak in a header of their own.
    fastify.options(path, { config }, async (_request, reply) => reply.code(204).headers({
      'access-control-allow-methods': 'GET, HEAD',
      'access-control-allow-headers': 'mcp-protocol-version',
      'access-control-max-age': MAX_AGE
    }).send())
  }
}

export default oauthMetadataRoutes
