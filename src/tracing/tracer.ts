import { setTimeout as sleep } from 'node:timers/promises'
import type { Tracer } from '@opentelemetry/api'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler, TracerProvider, type Sampler } from '@opentelemetry/sdk-trace'
import type { Config } from '../config.ts'
import { version } from '../version.ts'
import { Collector, type CollectorOptions } from './collector.ts'

type TracingSettings = NonNullable<Config['tracing']>

export interface RunningTracer {
  tracer: Tracer
  /** Sends what is left, for a moment at most. */
  close (): Promise<void>
}

/** How long the end may take when the collector doesn't answer. */
const FLUSH_MS = 3000

/** Longest text of an attribute: some are a client's words, such as the id of its request. */
const TEXT_LIMIT = 256

/**
 * Sets OpenTelemetry up without its global state, so that a host or a plugin may have its own. Spans wait in a queue of
 * at most 2048; what comes when it's full is lost.
 */
export function startTracer (settings: TracingSettings, watch: Pick<CollectorOptions, 'onTrouble' | 'onRecovery'>): RunningTracer {
  const { tracesUrl, headers, resourceAttributes } = settings
  const provider = new TracerProvider({
    resource: defaultResource().merge(resourceFromAttributes({ 'service.version': version, ...resourceAttributes })),
    sampler: samplerOf(settings),
    spanLimits: { attributeValueLengthLimit: TEXT_LIMIT },
    spanProcessors: [new BatchSpanProcessor({ exporter: new Collector({ tracesUrl, headers, ...watch }) })]
  })
  return {
    tracer: provider.getTracer('mcp-dust-server', version),
    close: () => withinMs(provider.shutdown(), FLUSH_MS)
  }
}

function samplerOf ({ sampler, samplerRatio }: TracingSettings): Sampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler()
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplerRatio)
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() })
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() })
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerRatio) })
  }
}

/** Resolves when the work is over, well or not, or the time is. */
async function withinMs (work: Promise<unknown>, ms: number): Promise<void> {
  const over = new AbortController()
  await Promise.race([
    // Whoever watches the collector was told.
    work.catch(() => {}).finally(() => { over.abort() }),
    sleep(ms, undefined, { signal: over.signal }).catch(() => {}) // the abort
  ])
}
