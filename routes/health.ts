import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'

const CheckReport = Type.Object({
  status: Type.String(),
  reason: Type.Optional(Type.String()),
  latencyMs: Type.Optional(Type.Integer()),
  checkedAt: Type.Optional(Type.String())
})

const HealthReport = Type.Object({
  status: Type.String(),
  version: Type.String(),
  timestamp: Type.String(),
  checks: Type.Record(Type.String(), CheckReport)
})

/** What everybody may know. */
const HealthStatus = Type.Object({ status: Type.String(), timestamp: Type.String() })

const Health = Type.Union([HealthReport, HealthStatus])

const Readiness = Type.Object({
  status: Type.String(),
  reason: Type.Optional(Type.String()),
  timestamp: Type.String()
})

const Liveness = Type.Object({ status: Type.String() })

/** Probes are answered however busy the process is. */
const probe = { config: { pressureHandler: () => {} } }

/** What orchestrators and people ask: does it live, may traffic come, how is everything. Never looks outside the process. */
const healthRoutes: FastifyPluginAsync = async (fastify) => {
  fastify.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  fastify.get('/livez', { ...probe, schema: { response: { 200: Liveness } } }, async () => ({ status: 'ok' }))

  fastify.get('/health', { ...probe, schema: { response: { 200: Health, 503: Health } } }, async (request, reply) => {
    const report = fastify.health.report()
    const { status, timestamp } = report
    // A probe is never refused: one with a wrong token is told what everybody is.
    return reply.code(status === 'error' ? 503 : 200).send(await fastify.operators.maySeeReasons(request) ? report : { status, timestamp })
  })

  fastify.get('/ready', { ...probe, schema: { response: { 200: Readiness, 503: Readiness } } }, async (_request, reply) => {
    const reason = fastify.health.unreadyBecause()
    const timestamp = new Date().toISOString()
    return reason === null
      ? reply.send({ status: 'ok', timestamp })
      : reply.code(503).send({ status: 'error', reason, timestamp })
  })
}

export default healthRoutes
