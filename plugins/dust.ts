import fp from 'fastify-plugin'
import { isAmong } from '../src/dust/agents.ts'
import { createConnections, createDustClient, DustCredential, DustError, dustErrorKinds, dustOperations, type DustClient, type RequestObservation } from '../src/dust/client.ts'
import { defaultTiming } from '../src/dust/timing.ts'
import type { Agent } from '../src/dust/types.ts'
import { isKeyedCaller } from '../src/keyed-caller.ts'
import { CallerClients } from './dust/caller-clients.ts'

/** How the metrics name a caller's key that Dust refuses. */
const CALLER_UNAUTHORIZED = 'caller_unauthorized'

/** For whom something is done in Dust: an operation, or a request that has passed `callerKeys.take`. */
export interface Asker {
  readonly caller: string
  readonly credential: object | null
}

/** The Dust API, each time with somebody's key. */
export interface Dust {
  /**
   * With the key of whoever asks: their own where they have brought one, else the server's. All that is done for a caller goes
   * through here; clients come and go, so ask for it each time.
   *
   * @throws {DustError} when their key isn't at hand
   */
  for (asker: Asker): DustClient
  /** With the server's own key, for work that nobody asked for; `null` when callers bring theirs and the server has none. */
  readonly own: DustClient | null
}

declare module 'fastify' {
  interface FastifyInstance {
    dust: Dust
  }
}

/** Connects the service to Dust. */
export default fp(async (fastify) => {
  const { credentials, baseUrl, username, timezone, skipToolsValidation, agents, agentsTtlMs } = fastify.config.dust
  const instruments = fastify.instruments.dust

  // An alert can only see an error counter rise that was there before.
  for (const endpoint of dustOperations) {
    for (const type of [...dustErrorKinds, CALLER_UNAUTHORIZED]) instruments.errors.inc({ endpoint, type }, 0)
  }
  for (const outcome of ['success', 'error']) instruments.agentsRefreshes.inc({ outcome }, 0)

  const connections = createConnections(defaultTiming)
  const common = {
    baseUrl,
    username,
    timezone,
    skipToolsValidation,
    agents,
    agentsTtlMs,
    connections
  }
  const own = credentials === null ? null : createDustClient({ ...common, ...credentials, onRequest: observe, onAgentsRefresh: createAgentsWatch() })
  const callers = new CallerClients((credential, onAgents) => createDustClient({
    ...common,
    ...credential.reveal(),
    keyOwner: 'caller',
    // No operator can mend it, so no alert shall speak of it.
    onRequest: (observation) => { observe(observation, observation.error === 'unauthorized' ? CALLER_UNAUTHORIZED : observation.error) },
    onAgentsRefresh: (list) => {
      countRefresh(list)
      if (list !== null) onAgents(list)
    }
  }))

  fastify.decorate('dust', {
    own,
    for: (asker) => fastify.tracing.follow(asker, clientOf(asker))
  } satisfies Dust)
  fastify.addHook('onClose', async () => {
    callers.clear()
    await connections.close()
  })

  function clientOf ({ caller, credential }: Asker): DustClient {
    if (credential instanceof DustCredential) return callers.of(credential)
    // What a caller asks for with their own key is never done with another one.
    if (own === null || isKeyedCaller(caller)) throw missingKey()
    return own
  }

  /** The gauges are of the server's own workspace: those of callers would overwrite each other. */
  function createAgentsWatch (): (list: Agent[] | null) => void {
    let absent = ''
    return (list) => {
      countRefresh(list)
      if (list === null) return
      instruments.agentsAvailable.set(list.length)
      instruments.agentsRefreshedAt.setToCurrentTime()
      const nowAbsent = agents.filter((word) => !list.some((agent) => isAmong([word], agent))).join(', ')
      if (nowAbsent !== absent && nowAbsent !== '') fastify.log.warn({ agents: nowAbsent }, 'DUST_AGENTS names agents that are not there')
      absent = nowAbsent
    }
  }

  function countRefresh (list: Agent[] | null): void {
    instruments.agentsRefreshes.inc({ outcome: list === null ? 'error' : 'success' })
  }

  /** @param type how a failure is counted */
  function observe (observation: RequestObservation, type: string | undefined = observation.error): void {
    const { operation, method, status, answeredMs, retryOf } = observation
    fastify.log.debug({ dust: observation }, 'dust request')
    instruments.requests.inc({ endpoint: operation, method, status })
    instruments.duration.observe({ endpoint: operation, method }, answeredMs / 1000)
    if (type !== undefined) {
      instruments.errors.inc({ endpoint: operation, type })
      if (type !== 'cancelled') fastify.recentErrors.note('dust', operation, type)
    }
    if (retryOf !== undefined) instruments.retries.inc({ endpoint: operation, reason: retryOf })
  }
}, { name: 'dust', dependencies: ['config', 'metrics', 'tracing', 'recent-errors'] })

function missingKey (): DustError {
  return new DustError({
    operation: 'check_workspace',
    kind: 'unauthorized',
    wasSent: false,
    message: 'This is done with your own key of Dust, which did not come along with it.'
  })
}
