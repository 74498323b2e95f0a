import fp from 'fastify-plugin'
import type { DustClient } from '../src/dust/client.ts'
import type { OperationObserver } from '../src/mcp/dispatch.ts'

/** The trace of what is done: a span for each HTTP request, each operation, and each request to Dust on its behalf. */
export interface Tracing {
  /** Makes a span of every operation that the observer sees. */
  observe (observer: OperationObserver): OperationObserver
  /** The same client, whose requests are spans of the operation, or the HTTP request, that asks. */
  follow (asker: object, client: DustClient): DustClient
  /** Notes in the span of an operation how far it is. */
  mark (operation: object, step: string): void
  /** By which the log lines of an operation are found from its trace, and its trace from them. */
  idsOf (operation: object): SpanIds | undefined
}

/** As OpenTelemetry names them in logs that aren't its own. */
export interface SpanIds {
  trace_id: string
  span_id: string
}

declare module 'fastify' {
  interface FastifyInstance {
    tracing: Tracing
  }
}

const off: Tracing = { observe: (observer) => observer, follow: (_asker, client) => client, mark: () => {}, idsOf: () => undefined }

/** Traces what is done, if there is a collector to send it to. Without one, nothing of OpenTelemetry's SDK is loaded. */
export default fp(async (fastify) => {
  const { tracing: settings } = fastify.config
  if (settings === null) {
    fastify.decorate('tracing', off)
    return
  }
  fastify.decorate('tracing', (await load()).startTracing(fastify, settings))
}, { name: 'tracing', dependencies: ['config'] })

/** Within the `export default`, the compiler would leave the name of the file as it is. */
async function load () {
  return import('./tracing/start-tracing.ts')
}
