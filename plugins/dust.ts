import fp from 'fastify-plugin'
import { isAmong } from '../src/dust/agents.ts'
import { createDustClient, dustErrorKinds, dustOperations, type DustClient, type RequestObservation } from '../src/dust/client.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The Dust API with the service's own key. */
    dust: DustClient
  }
}

/** Connects the service to its Dust workspace. */
export default fp(async (fastify) => {
  const { apiKey, workspaceId, baseUrl, username, timezone, skipToolsValidation, agents, agentsTtlMs } = fastify.config.dust
  const instruments = fastify.instruments.dust

  // An alert can only see an error counter rise that was there before.
  for (const endpoint of dustOperations) {
    for (const type of dustErrorKinds) instruments.errors.inc({ endpoint, type }, 0)
  }
  for (const outcome of ['success', 'error']) instruments.agentsRefreshes.inc({ outcome }, 0)

  let absent = ''
  const dust = createDustClient({
    apiKey,
    workspaceId,
    baseUrl,
    username,
    timezone,
    skipToolsValidation,
    agents,
    agentsTtlMs,
    onRequest: (observation) => {
      fastify.log.debug({ dust: observation }, 'dust request')
      count(observation)
    },
    onAgentsRefresh: (list) => {
      instruments.agentsRefreshes.inc({ outcome: list === null ? 'error' : 'success' })
      if (list === null) return
      instruments.agentsAvailable.set(list.length)
      instruments.agentsRefreshedAt.setToCurrentTime()
      const nowAbsent = agents.filter((word) => !list.some((agent) => isAmong([word], agent))).join(', ')
      if (nowAbsent !== absent && nowAbsent !== '') fastify.log.warn({ agents: nowAbsent }, 'DUST_AGENTS names agents that are not there')
      absent = nowAbsent
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
