import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT, trace, type Context, type Span } from '@opentelemetry/api'
import { W3CTraceContextPropagator } from '@opentelemetry/core'

const propagator = new W3CTraceContextPropagator()

/**
 * Where somebody else's trace stands, from `traceparent` and `tracestate` among headers or in the `_meta` of a request;
 * `null` when there is nothing that can be understood. Baggage isn't taken: it is anybody's words.
 *
 * @see https://www.w3.org/TR/trace-context/
 */
export function readTraceContext (carrier: object): Context | null {
  const context = propagator.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter)
  return trace.getSpanContext(context) === undefined ? null : context
}

/** What says where a span stands, as headers. */
export function writeTraceContext (span: Span): Record<string, string> {
  const headers = {}
  propagator.inject(contextOf(span), headers, defaultTextMapSetter)
  return headers
}

/** For the children of a span. */
export function contextOf (span: Span): Context {
  return trace.setSpan(ROOT_CONTEXT, span)
}
