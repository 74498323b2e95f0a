import { SpanKind, SpanStatusCode, type Span, type Tracer } from '@opentelemetry/api'
import type { WatchAttempt } from '../../src/dust/client.ts'
import { contextOf, writeTraceContext } from '../../src/tracing/trace-context.ts'

export interface TracedDust {
  tracer: Tracer
  /** Where Dust is. */
  address: URL
  /** Whether Dust gets to know in which trace it's asked. */
  isTold: boolean
}

/**
 * Makes a span of each attempt of a request to Dust: of an event stream until it's closed. No address, whose path and query are ids
 * and words of a caller.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client
 */
export function watchDust (parent: Span, { tracer, address, isTold }: TracedDust): WatchAttempt {
  const context = contextOf(parent)
  return ({ operation, method, attempt, retryOf }) => {
    const span = tracer.startSpan(`dust ${operation}`, {
      kind: SpanKind.CLIENT,
      attributes: {
        'dust.operation': operation,
        'http.request.method': method,
        'server.address': address.hostname,
        'server.port': portOf(address),
        ...(attempt > 1 ? { 'http.request.resend_count': attempt - 1 } : {}),
        ...(retryOf === undefined ? {} : { 'dust.retry_reason': retryOf })
      }
    }, context)
    return {
      headers: isTold ? writeTraceContext(span) : {},
      end: ({ status, error }) => {
        if (status !== 0) span.setAttribute('http.response.status_code', status)
        if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      }
    }
  }
}

function portOf ({ port, protocol }: URL): number {
  if (port !== '') return Number(port)
  return protocol === 'https:' ? 443 : 80
}
