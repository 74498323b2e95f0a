import type { Histogram } from '@prometheus-io/client'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { atEndOfTurn } from '../../src/end-of-turn.ts'
import type { Instruments } from './instruments.ts'

export type StreamKind = 'standalone' | 'request' | 'status'

export const STREAM_KINDS: readonly StreamKind[] = ['standalone', 'request', 'status']

/** What the duration histogram of fastify-metrics is labelled with. */
export type RequestLabels = 'method' | 'path' | 'status'

export interface HttpObserver {
  /** Counts this request when it's over. Every request that reaches a hook is watched already. */
  watch (request: FastifyRequest, reply: FastifyReply): void
  /** Tells that the head of an event stream was sent. */
  streamStarted (response: ServerResponse, kind: StreamKind): void
}

/** A request that is over. */
interface Seen {
  method: string
  path: string
  status: number
  /** Bytes of the bodies. */
  received: number
  sent: number
  /** `null` for what fastify-metrics times. */
  seconds: number | null
}

/** Any other, and any on an address that isn't there or doesn't take it, comes from a scanner. */
const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])
const METHOD_NOT_ALLOWED = 405
const CLIENT_CLOSED_REQUEST = 499

/**
 * Counts every HTTP request once, at the end of its reply, which comes in every case: answered, aborted, streamed.
 * fastify-metrics times ordinary replies; what it can't see is timed here, into the same histogram:
 * aborted requests, unknown paths, and event streams, whose duration is the time until their head.
 */
export function observeHttp (fastify: FastifyInstance, { http }: Instruments, duration: Histogram<RequestLabels>): HttpObserver {
  const streamStarts = new WeakMap<ServerResponse, number>()
  const countEnd = atEndOfTurn(({ method, path, status, received, sent, seconds }: Seen) => {
    http.inFlight.dec({ path })
    http.requests.inc({ method, path, status })
    http.requestSize.observe({ method, path }, received)
    http.responseSize.observe({ method, path }, sent)
    if (seconds !== null) duration.observe({ method, path, status }, seconds)
  })

  function watch (request: FastifyRequest, reply: FastifyReply): void {
    const startedAt = performance.now()
    const received = countReceived(request.raw)
    const sent = countSent(reply.raw, request.method)
    const path = pathOf(request)
    http.inFlight.inc({ path })
    reply.raw.once('close', () => {
      const status = reply.raw.headersSent ? reply.raw.statusCode : CLIENT_CLOSED_REQUEST
      const method = methodOf(request, path, status)
      const endedAt = streamStarts.get(reply.raw) ?? performance.now()
      if (status >= 500) fastify.recentErrors.note('http', `${method} ${path}`, String(status))
      countEnd({ method, path, status, received: received(), sent: sent(), seconds: isTimedElsewhere(request, reply) ? null : (endedAt - startedAt) / 1000 })
    })
  }

  fastify.addHook('onRequest', (request, reply, done) => {
    watch(request, reply)
    done()
  })

  return {
    watch,
    streamStarted: (response, kind) => {
      // Nobody reads it, and nothing would tell of its end.
      if (response.closed) return
      const startedAt = performance.now()
      streamStarts.set(response, startedAt)
      http.streamsOpen.inc({ kind })
      response.once('close', () => {
        http.streamsOpen.dec({ kind })
        http.streamDuration.observe({ kind }, (performance.now() - startedAt) / 1000)
      })
    }
  }
}

/** fastify-metrics sees a request of a known route that was answered to the end. */
function isTimedElsewhere (request: FastifyRequest, reply: FastifyReply): boolean {
  return isKnown(request) && request.method !== 'HEAD' && request.routeOptions.config.disableMetrics !== true && reply.raw.writableFinished
}

/** An address that can't be decoded has no route, either. */
function isKnown ({ is404, routeOptions }: FastifyRequest): boolean {
  return !is404 && routeOptions.url !== undefined
}

/** The route's template, never the path that was asked for. */
function pathOf (request: FastifyRequest): string {
  return isKnown(request) ? request.routeOptions.url ?? 'unmatched' : 'unmatched'
}

function methodOf (request: FastifyRequest, path: string, status: number): string {
  // A GET without the body of its answer.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  return METHODS.has(method) && path !== 'unmatched' && status !== METHOD_NOT_ALLOWED ? method : '_OTHER'
}

/** The bytes of a request's body that have arrived, whatever its head declares. Nothing has read of it before the hooks. */
function countReceived (request: IncomingMessage): () => number {
  let bytes = request.readableLength
  const { push } = request
  request.push = (chunk, ...more) => {
    bytes += sizeOf(chunk)
    return push.call(request, chunk, ...more)
  }
  return () => bytes
}

/** The bytes of a reply's body that were given to a living connection; a reply to HEAD has none. */
function countSent (response: ServerResponse, method: string): () => number {
  let bytes = 0
  if (method === 'HEAD') return () => bytes
  const { write, end } = response
  const count = (chunk: unknown): void => { if (!response.destroyed) bytes += sizeOf(chunk) }
  response.write = (chunk: unknown, ...more: unknown[]) => {
    count(chunk)
    return Reflect.apply(write, response, [chunk, ...more])
  }
  response.end = (chunk?: unknown, ...more: unknown[]) => {
    count(chunk)
    return Reflect.apply(end, response, [chunk, ...more])
  }
  return () => bytes
}

function sizeOf (chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk)
  return chunk instanceof Uint8Array ? chunk.byteLength : 0
}
