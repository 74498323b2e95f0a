import { Type } from '@sinclair/typebox'
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { isAskedHere } from '../src/allowed-peers.ts'
import { isBearer } from '../src/bearer.ts'

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
  const { details } = fastify.config.health
  const { token } = fastify.config.metrics

  fastify.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })

  fastify.get('/livez', { ...probe, schema: { response: { 200: Liveness } } }, async () => ({ status: 'ok' }))

  fastify.get('/health', { ...probe, schema: { response: { 200: Health, 503: Health } } }, async (request, reply) => {
    const report = fastify.health.report()
    const { status, timestamp } = report
    return reply.code(status === 'error' ? 503 : 200).send(await maySeeDetails(request) ? report : { status, timestamp })
  })

  fastify.get('/ready', { ...probe, schema: { response: { 200: Readiness, 503: Readiness } } }, async (_request, reply) => {
    const reason = fastify.health.unreadyBecause()
    const timestamp = new Date().toISOString()
    return reason === null
      ? reply.send({ status: 'ok', timestamp })
      : reply.code(503).send({ status: 'error', reason, timestamp })
  })

  /** A probe is never refused: one with a wrong token is told what everybody is. */
  async function maySeeDetails (request: FastifyRequest): Promise<boolean> {
    if (details !== 'auto') return details === 'always'
    if (isAskedHere(request.raw)) return true
    const { authorization } = request.headers
    if (token === null || authorization === undefined || await fastify.rateLimits.isGuessing(request)) return false
    const isRight = isBearer(authorization, token)
    if (!isRight) await fastify.rateLimits.noteWrongCredential(request)
    return isRight
  }
}

export default healthRoutes
