import type { FastifyPluginAsync } from 'fastify'
import { createHash, timingSafeEqual } from 'node:crypto'

/** What Prometheus scrapes. */
const metricsRoutes: FastifyPluginAsync = async (fastify) => {
  const { isEnabled, path, token } = fastify.config.metrics
  const { registry, scrape, access } = fastify.instruments
  if (!isEnabled) return

  for (const reason of ['missing', 'invalid']) access.authFailures.inc({ reason }, 0)

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

/** Compares hashes, so that the time it takes tells nothing about the token. */
function isBearer (authorization: string | undefined, token: string): boolean {
  const [, brought = ''] = /^Bearer +(.*)$/i.exec(authorization ?? '') ?? []
  return timingSafeEqual(digest(brought), digest(token))
}

function digest (words: string): Buffer {
  return createHash('sha256').update(words).digest()
}
