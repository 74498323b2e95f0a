import fp from 'fastify-plugin'
import { createDustClient, dustErrorKinds, dustOperations, type DustClient, type RequestObservation } from '../src/dust/client.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Dust API with the service's own key. */
    dust: DustClient
  }
}

/** Connects the service to its Dust workspace. */
export default fp(async (fastify) => {
  const { apiKey, workspaceId, baseUrl, username, timezone, skipToolsValidation } = fastify.config.dust
  const instruments = fastify.instruments.dust

  // An alert can only see an error counter rise that was there before.
  for (const endpoint of dustOperations) {
    for (const type of dustErrorKinds) instruments.errors.inc({ endpoint, type }, 0)
  }
  for (const outcome of ['success', 'error']) instruments.agentsRefreshes.inc({ outcome }, 0)

  const dust = createDustClient({
    apiKey,
    workspaceId,
    baseUrl,
    username,
    timezone,
    skipToolsValidation,
    onRequest: (observation) => {
      fastify.log.debug({ dust: observation }, 'dust request')
      count(observation)
    },
    onAgentsRefresh: (agents) => {
      instruments.agentsRefreshes.inc({ outcome: agents === null ? 'error' : 'success' })
      if (agents === null) return
      instruments.agentsAvailable.set(agents.length)
      instruments.agentsRefreshedAt.setToCurrentTime()
    }
  })
  fastify.decorate('dust', dust)
  fastify.addHook('onClose', () => dust.close())

  function count ({ operation, method, status, answeredMs, error, retryOf }: RequestObservation): void {
    instruments.requests.inc({ endpoint: operation, method, status })
    instruments.duration.observe({ endpoint: operation, method }, answeredMs / 1000)
    if (error !== undefined) instruments.errors.inc({ endpoint: operation, type: error })
    if (retryOf !== undefined) instruments.retries.inc({ endpoint: operation, reason: retryOf })
  }
}, { name: 'dust', dependencies: ['config', 'metrics'] })
