import * as client from '@prometheus-io/client'
import type { FastifyInstance } from 'fastify'
import fastifyMetrics from 'fastify-metrics'
import fp from 'fastify-plugin'
import { sampleCpuUsage } from '../src/cpu-usage.ts'
import { memoryLimitBytes } from '../src/memory-limit.ts'
import { storeKindOf } from '../src/store/open.ts'
import { version } from '../src/version.ts'
import { LATENCY } from './metrics/buckets.ts'
import { observeHttp, STREAM_KINDS, type HttpObserver, type RequestLabels } from './metrics/http.ts'
import { createInstruments, type Instruments } from './metrics/instruments.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Everything that the service measures about itself. */
    instruments: Instruments & {
      /** What Prometheus reads. Plugins may register metrics of their own here. */
      registry: client.Registry
      /** The page that Prometheus reads. */
      scrape (): Promise<string>
      /** Brings the gauges up to date that are not kept so, as each scrape does. */
      refresh (): Promise<void>
      /** Has a function run before each scrape, to set gauges that are not kept up to date otherwise. It must be quick. */
      onScrape (refresh: () => void | Promise<void>): void
    } & HttpObserver
  }
  interface FastifyContextConfig {
    /** Leaves the timing of this route to our own hooks. */
    disableMetrics?: boolean
  }
}

export interface MetricsPluginOptions {
  /** Lines logged so far, by level. */
  logLineCounts?: Readonly<Record<string, number>>
}

/** What the Prometheus tools find fault with: gauges named like counters, and their like. */
const MISNAMED = [
  'nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total',
  'nodejs_eventloop_utilization_histogram', 'nodejs_eventloop_utilization_summary'
]

/** Without metrics there is nobody to tell. */
const unobserved: HttpObserver = { watch: () => {}, streamStarted: () => {} }

/** Measures the service and keeps the results for Prometheus; `routes/metrics.ts` hands them out. */
export default fp<MetricsPluginOptions>(async (fastify, { logLineCounts = {} }) => {
  const { metrics, sessions, dust } = fastify.config
  const registry = new client.Registry()
  const instruments = createInstruments(registry, metrics.prefix)
  const refreshers: Array<() => void | Promise<void>> = []

  const cpuUsage = sampleCpuUsage()
  fastify.addHook('onClose', async () => { cpuUsage.stop() })

  const { process: own } = instruments
  own.buildInfo.set({ version, node_version: process.version }, 1)
  own.configInfo.set({ session_store: storeKindOf(sessions.storeUrl), auth_mode: fastify.config.access.mode }, 1)
  own.memoryLimit.set(memoryLimitBytes())
  instruments.sessions.limit.set(sessions.limit)
  for (const kind of STREAM_KINDS) instruments.http.streamsOpen.set({ kind }, 0)
  instruments.runs.limit.set(dust.maxRuns)
  refreshers.push(() => {
    own.memoryUsage.set(process.memoryUsage.rss())
    own.cpuUsage.set(cpuUsage.percent)
    own.logMessages.reset()
    for (const [level, count] of Object.entries(logLineCounts)) own.logMessages.inc({ level }, count)
  })

  fastify.decorate('instruments', {
    ...instruments,
    registry,
    onScrape: (refresh) => { refreshers.push(refresh) },
    ...(metrics.isEnabled ? observeHttp(fastify, instruments, await timeRoutes(fastify, registry)) : unobserved),
    refresh,
    scrape: async () => {
      await refresh()
      return registry.metrics()
    }
  })

  async function refresh (): Promise<void> {
    for (const result of await Promise.allSettled(refreshers.map(async (update) => update()))) {
      // A gauge that can't be refreshed keeps its last value; the page must come all the same.
      if (result.status === 'rejected') fastify.log.warn({ err: result.reason }, 'a metric could not be refreshed')
    }
  }
}, { name: 'metrics', dependencies: ['config', 'recent-errors'] })

/** Has fastify-metrics time the routes and measure the process, under the promised names and in our registry. */
async function timeRoutes (fastify: FastifyInstance, registry: client.Registry): Promise<client.Histogram<RequestLabels>> {
  const name = `${fastify.config.metrics.prefix}_http_request_duration_seconds`
  await fastify.register(fastifyMetrics.default, {
    promClient: client,
    endpoint: null,
    defaultMetrics: { enabled: true, register: registry },
    routeMetrics: {
      enabled: { histogram: true, summary: false },
      methodBlacklist: ['HEAD'],
      overrides: {
        labels: { method: 'method', route: 'path', status: 'status' },
        histogram: { name, help: 'HTTP request duration; for event streams the time until their head.', buckets: LATENCY, registers: [registry] },
        // It can't be left out, only be put where nobody looks.
        summary: { registers: [new client.Registry()] }
      }
    }
  })
  for (const misnamed of MISNAMED) registry.removeSingleMetric(misnamed)
  const duration = registry.getSingleMetric(name)
  if (!(duration instanceof client.Histogram)) throw new TypeError(`fastify-metrics did not make ${name}`)
  return duration
}
