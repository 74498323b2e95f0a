import type { FastifyPluginAsync } from 'fastify'

/** What Prometheus scrapes. */
const metricsRoutes: FastifyPluginAsync = async (fastify) => {
  const { isEnabled, path } = fastify.config.metrics
  const { registry, scrape } = fastify.instruments
  if (!isEnabled) return

  fastify.operators.admit(fastify)

  fastify.get(path, { exposeHeadRoute: false, config: { pressureHandler: () => {} } }, async (_request, reply) => reply.type(registry.contentType).send(await scrape()))
}

export default metricsRoutes
