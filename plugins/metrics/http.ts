import type { Histogram } from '@prometheus-io/client'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ServerResponse } from 'node:http'
import type { Instruments } from './instruments.ts'

export type StreamKind = 'standalone' | 'request'

/** What the duration histogram of fastify-metrics is labelled with. */
export type RequestLabels = 'method' | 'path' | 'status'

interface Exchange {
  startedAt: number
  /** How much the connection had carried before this request. */
  bytesRead: number
  bytesWritten: number
  /** When the reply became an event stream. */
  streamStartedAt?: number
}

/** Methods beyond these come from scanners only, and only to routes that don't exist. */
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * Counts every HTTP request once, at the end of its connection's part in it, which comes in every case: answered, aborted, streamed.
 * fastify-metrics times ordinary replies; what it can't see is timed here, into the same histogram:
 * aborted requests, unknown paths, and event streams, whose duration is the time until their head.
 *
 * @returns for a reply that becomes an event stream, to be told when its head is sent
 */
export function observeHttp (fastify: FastifyInstance, { http }: Instruments, duration: Histogram<RequestLabels>): (response: ServerResponse, kind: StreamKind) => void {
  const exchanges = new WeakMap<ServerResponse, Exchange>()

  fastify.addHook('onRequest', async (request, reply) => {
    const { raw, socket } = request
    const path = pathOf(request)
    const exchange: Exchange = { startedAt: performance.now(), ...carriedBy(socket) }
    exchanges.set(reply.raw, exchange)
    http.inFlight.inc({ path })
    reply.raw.once('close', () => {
      const method = methodOf(request)
      const labels = { method, path, status: reply.raw.headersSent ? reply.raw.statusCode : 499 }
      const endedAt = exchange.streamStartedAt ?? performance.now()
      http.inFlight.dec({ path })
      http.requests.inc(labels)
      http.requestSize.observe({ method, path }, declaredSize(raw.headers['content-length']) ?? carriedBy(socket).bytesRead - exchange.bytesRead)
      http.responseSize.observe({ method, path }, declaredSize(reply.getHeader('content-length')) ?? carriedBy(socket).bytesWritten - exchange.bytesWritten)
      if (!isTimedElsewhere(request, reply)) duration.observe(labels, (endedAt - exchange.startedAt) / 1000)
    })
  })

  return (response, kind) => {
    const startedAt = performance.now()
    const exchange = exchanges.get(response)
    if (exchange !== undefined) exchange.streamStartedAt = startedAt
    http.streamsOpen.inc({ kind })
    response.once('close', () => {
      http.streamsOpen.dec({ kind })
      http.streamDuration.observe({ kind }, (performance.now() - startedAt) / 1000)
    })
  }
}

/** fastify-metrics sees a request of a known route that was answered to the end. */
function isTimedElsewhere (request: FastifyRequest, reply: FastifyReply): boolean {
  return !request.is404 && request.routeOptions.config.disableMetrics !== true && reply.raw.writableFinished
}

/** An injected request has no connection that counts. */
function carriedBy ({ bytesRead, bytesWritten }: { bytesRead?: number, bytesWritten?: number }): { bytesRead: number, bytesWritten: number } {
  return { bytesRead: bytesRead ?? 0, bytesWritten: bytesWritten ?? 0 }
}

/** The route's template, never the path that was asked for. */
function pathOf (request: FastifyRequest): string {
  return request.is404 ? 'unmatched' : request.routeOptions.url ?? 'unmatched'
}

function methodOf ({ method }: FastifyRequest): string {
  return METHODS.has(method) ? method : '_OTHER'
}

function declaredSize (header: number | string | string[] | undefined): number | undefined {
  const size = typeof header === 'number' ? header : Number.parseInt(String(header), 10)
  return Number.isFinite(size) ? size : undefined
}
