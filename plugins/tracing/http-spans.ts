import { AsyncLocalStorage } from 'node:async_hooks'
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { isObject } from '../../src/mcp/json-rpc.ts'
import { quietPaths } from '../../src/quiet-paths.ts'
import { readTraceContext } from '../../src/tracing/trace-context.ts'
import { idsOf } from './span-ids.ts'

/** The HTTP request within which something is done. */
export interface CurrentRequest {
  readonly span: Span
  /** The JSON-RPC id of the only message that came with it; `null` when there were more, or it's none that a log would take. */
  readonly messageId: string | null
}

export interface HttpTracing {
  /** Within which request it is called: the work takes ways through the SDKs on which nothing can be given along. */
  current (): CurrentRequest | undefined
  spanOf (request: object): Span | undefined
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])

/** Ids as programs make them: others may be anything. */
const PLAIN_ID = /^[\w.:-]{1,64}$/

/**
 * Makes a span of every HTTP request, from its head to the last byte of its reply, a stream included; not of probes and scrapes.
 * Nothing that a client may choose is in it: the route instead of the address, no header, no query.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server
 */
export function traceHttp (fastify: FastifyInstance, tracer: Tracer): HttpTracing {
  const quiet = new Set([...quietPaths(fastify.config)].map((path) => `${fastify.prefix}${path}`))
  const spans = new WeakMap<object, Span>()
  const current = new AsyncLocalStorage<CurrentRequest>()

  fastify.addHook('onRequest', (request, reply, done) => {
    if (!quiet.has(request.routeOptions.url ?? '')) {
      const span = start(tracer, request, reply)
      spans.set(request, span)
      request.log = reply.log = request.log.child(idsOf(span))
    }
    done()
  })

  fastify.addHook('preHandler', (request, _reply, done) => {
    const span = spans.get(request)
    if (span === undefined) done()
    else current.run({ span, messageId: messageIdOf(request.body) }, done)
  })

  return { current: () => current.getStore(), spanOf: (request) => spans.get(request) }
}

function start (tracer: Tracer, request: FastifyRequest, { raw }: FastifyReply): Span {
  const method = METHODS.has(request.method) ? request.method : '_OTHER'
  const route = request.is404 ? undefined : request.routeOptions.url
  const verb = method === '_OTHER' ? 'HTTP' : method
  const span = tracer.startSpan(route === undefined ? verb : `${verb} ${route}`, {
    kind: SpanKind.SERVER,
    attributes: {
      'http.request.method': method,
      'url.scheme': request.protocol,
      'network.protocol.version': request.raw.httpVersion,
      ...(route === undefined ? {} : { 'http.route': route })
    }
  }, readTraceContext(request.headers) ?? ROOT_CONTEXT)
  // It comes in every case: answered, aborted, streamed.
  raw.once('close', () => {
    const { headersSent, statusCode } = raw
    if (headersSent) span.setAttribute('http.response.status_code', statusCode)
    if (!headersSent) span.setAttribute('error.type', 'aborted').setStatus({ code: SpanStatusCode.ERROR })
    else if (statusCode >= 500) span.setAttribute('error.type', String(statusCode)).setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  })
  return span
}

function messageIdOf (body: unknown): string | null {
  const [message, ...others]: unknown[] = Array.isArray(body) ? body : [body]
  if (others.length > 0 || !isObject(message)) return null
  const { id } = message
  return (typeof id === 'string' || typeof id === 'number') && PLAIN_ID.test(String(id)) ? String(id) : null
}
