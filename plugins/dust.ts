import fp from 'fastify-plugin'
import { createDustClient, type DustClient } from '../src/dust/client.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Dust API with the service's own key. */
    dust: DustClient
  }
}

/** Connects the service to its Dust workspace. */
export default fp(async (fastify) => {
  const { apiKey, workspaceId, baseUrl, username, timezone, skipToolsValidation } = fastify.config.dust
  const dust = createDustClient({
    apiKey,
    workspaceId,
    baseUrl,
    username,
    timezone,
    skipToolsValidation,
    onRequest: (observation) => { fastify.log.debug({ dust: observation }, 'dust request') }
  })
  fastify.decorate('dust', dust)
  fastify.addHook('onClose', () => dust.close())
}, { name: 'dust', dependencies: ['config'] })
