import type { FastifyPluginAsync } from 'fastify'
import { isBearer } from '../src/bearer.ts'

/** What Prometheus scrapes. */
const metricsRoutes: FastifyPluginAsync = async (fastify) => {
  const { isEnabled, path, token } = fastify.config.metrics
  const { registry, scrape, access } = fastify.instruments
  if (!isEnabled) return

  for (const reason of ['missing', 'invalid']) access.authFailures.inc({ reason }, 0)
  if (token !== null) fastify.rateLimits.guardCredentials(fastify)

  fastify.get(path, { exposeHeadRoute: false, config: { pressureHandler: () => {} } }, async (request, reply) => {
    const { authorization } = request.headers
    if (token !== null && !isBearer(authorization, token)) {
      access.authFailures.inc({ reason: authorization === undefined ? 'missing' : 'invalid' })
      return reply.code(401).header('www-authenticate', 'Bearer realm="metrics"').send({ statusCode: 401, error: 'Unauthorized', message: 'The metrics need METRICS_TOKEN as a bearer token' })
    }
    return reply.type(registry.contentType).send(await scrape())
  })
}

export default metricsRoutes
