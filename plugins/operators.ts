import type { FastifyInstance, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isAskedHere } from '../src/allowed-peers.ts'
import { isBearer } from '../src/bearer.ts'

export interface Operators {
  /** Adds hooks to routes that are for those who may read the metrics: whoever brings `METRICS_TOKEN`, or everybody where there is none. */
  admit (scope: FastifyInstance): void
  /** Whether whoever asks may see why checks fail (`HEALTH_DETAILS`). A wrong token counts as one, but refuses nothing. */
  maySeeReasons (request: FastifyRequest): Promise<boolean>
}

declare module 'fastify' {
  interface FastifyInstance {
    operators: Operators
  }
}

/** Knows those who run the service from those who use it. */
export default fp(async (fastify) => {
  const { token } = fastify.config.metrics
  const { details } = fastify.config.health
  const { authFailures } = fastify.instruments.access

  fastify.decorate('operators', { admit, maySeeReasons } satisfies Operators)

  function admit (scope: FastifyInstance): void {
    for (const reason of ['missing', 'invalid']) authFailures.inc({ reason }, 0)
    if (token === null) return
    fastify.rateLimits.guardCredentials(scope)
    scope.addHook('onRequest', async ({ headers: { authorization } }, reply) => {
      if (isBearer(authorization, token)) return undefined
      authFailures.inc({ reason: authorization === undefined ? 'missing' : 'invalid' })
      return reply.code(401).header('www-authenticate', 'Bearer realm="metrics"').send({ statusCode: 401, error: 'Unauthorized', message: 'This needs METRICS_TOKEN as a bearer token' })
    })
  }

  async function maySeeReasons (request: FastifyRequest): Promise<boolean> {
    if (details !== 'auto') return details === 'always'
    if (isAskedHere(request.raw)) return true
    const { authorization } = request.headers
    if (token === null || authorization === undefined || await fastify.rateLimits.isGuessing(request)) return false
    const isRight = isBearer(authorization, token)
    if (!isRight) await fastify.rateLimits.noteWrongCredential(request)
    return isRight
  }
}, { name: 'operators', dependencies: ['config', 'metrics', 'rate-limits'] })
