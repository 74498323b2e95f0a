import type { FastifyInstance } from 'fastify'
import type { Config } from '../../src/config.ts'
import { startTracer } from '../../src/tracing/tracer.ts'
import type { Tracing } from '../tracing.ts'
import { watchDust } from './dust-spans.ts'
import { traceHttp } from './http-spans.ts'
import { OperationSpans } from './operation-spans.ts'
import { idsOf } from './span-ids.ts'

/** Begins to trace, until the service closes. */
export function startTracing (fastify: FastifyInstance, settings: NonNullable<Config['tracing']>): Tracing {
  const { log, config } = fastify
  const { tracer, close } = startTracer(settings, {
    onTrouble: (error) => { log.warn({ err: error }, 'traces can\'t be sent, and are lost: look whether OTEL_EXPORTER_OTLP_ENDPOINT takes OTLP over HTTP, usually at port 4318') },
    onRecovery: () => { log.info('traces are sent again') }
  })
  fastify.addHook('onClose', close)

  const http = traceHttp(fastify, tracer)
  const operations = new OperationSpans(tracer, http.current)
  const dust = { tracer, address: new URL(config.dust.baseUrl), isTold: settings.tellsDust }
  return {
    observe: (observer) => ({
      onStart: (start) => {
        operations.start(start)
        observer.onStart(start)
      },
      onEnd: (observation) => {
        observer.onEnd(observation)
        operations.end(observation)
      }
    }),
    follow: (asker, client) => {
      const span = operations.spanOf(asker) ?? http.spanOf(asker)
      return span === undefined || !(span.isRecording() || dust.isTold) ? client : client.watchedBy(watchDust(span, dust))
    },
    mark: (operation, step) => { operations.spanOf(operation)?.addEvent(step) },
    idsOf: (operation) => {
      const span = operations.spanOf(operation)
      return span && idsOf(span)
    }
  }
}
