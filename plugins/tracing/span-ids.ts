import type { Span } from '@opentelemetry/api'
import type { SpanIds } from '../tracing.ts'

export function idsOf (span: Span): SpanIds {
  const { traceId, spanId } = span.spanContext()
  return { trace_id: traceId, span_id: spanId }
}
