import fp from 'fastify-plugin'
import type { ServerResponse } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { isLoopback } from '../src/allowed-peers.ts'
import { Broadcast } from '../src/broadcast.ts'
import { version } from '../src/version.ts'
import { History, PERIOD_MS } from './status/history.ts'
import { countDust, readOperations, sum } from './status/readings.ts'
import type { Greeting, Point, Snapshot } from './status/snapshot.ts'
import { takeSnapshot } from './status/take-snapshot.ts'

export interface StatusPluginOptions {
  /** Whether nothing else is at `/`, as in a process of its own: the status page goes there unasked. */
  ownsRoot?: boolean
}

/** How the service is, for people who watch it. */
export interface Status {
  /** Whether the service is about to stop, and takes no more watchers. */
  readonly isOver: boolean
  /**
   * Sends events on this stream until it closes: `greeting` first, then a `snapshot` each second.
   *
   * @param seesReasons whether it may have why checks fail
   */
  watch (response: ServerResponse, seesReasons: boolean): void
}

declare module 'fastify' {
  interface FastifyInstance {
    /** `null` where there is no status page. */
    status: Status | null
  }
}

const SNAPSHOT_MS = 1000
/** How long the gauges may take to be brought up to date; a store that hangs must not stop the page. */
const REFRESH_MS = 300
/** About a minute of snapshots. */
const BACKLOG_BYTES = 512 * 1024

const NOTHING_YET: Point = [0, 0, 0, null, null, 0, 0, 0]

/** Knows how the service is, and was in the last minutes: nothing is reckoned each second unless somebody watches. */
export default fp<StatusPluginOptions>(async (fastify, { ownsRoot = false }) => {
  const { server, statusPage, metrics, access, dust } = fastify.config
  const { instruments } = fastify
  const isShown = metrics.isEnabled && (statusPage === 'on' || (statusPage === 'auto' && ownsRoot && isLoopback(server.host)))
  fastify.decorate('status', null)
  if (!isShown) return

  const history = new History()
  const facts = {
    version,
    startedAt: Math.round(performance.timeOrigin),
    connect: { authMode: access.mode, url: access.oauth?.audience ?? null, needsDustKey: dust.credentials === null }
  }
  const onFault = (error: unknown): void => { fastify.log.error({ err: error }, 'the state of the service could not be read') }
  const broadcast = new Broadcast<boolean>({
    everyMs: SNAPSHOT_MS,
    backlogBytes: BACKLOG_BYTES,
    look: async () => {
      await refreshBriefly()
      const snapshot = await takeSnapshot(fastify, history.points.at(-1) ?? NOTHING_YET)
      return (seesReasons) => frame('snapshot', seesReasons ? snapshot : withoutReasons(snapshot))
    },
    onSent: (watchers) => { instruments.http.streamEvents.inc(watchers) },
    onCut: fastify.slowReaders.onBacklog,
    onFault
  })

  fastify.status = {
    get isOver () { return broadcast.isOver },
    watch: (response, seesReasons) => {
      broadcast.add(response, seesReasons, frame('greeting', { ...facts, history: history.points } satisfies Greeting))
    }
  }

  let sampling: NodeJS.Timeout | undefined
  fastify.addHook('onReady', async () => {
    await sample()
    sampling = setInterval(() => { sample().catch(onFault) }, PERIOD_MS)
    sampling.unref()
  })
  fastify.onDrain(() => { broadcast.end() })
  fastify.addHook('onClose', async () => { clearInterval(sampling) })

  /** Reads counters in memory only. */
  async function sample (): Promise<void> {
    const { total, failed, toolCalls } = await readOperations(instruments)
    const { requests, failed: dustFailed } = await countDust(instruments)
    history.add({ at: Date.now() / 1000, operations: total, failed, toolCalls, runs: await sum(instruments.runs.inProgress), dust: requests, dustFailed })
  }

  let refreshing: Promise<void> | undefined
  async function refreshBriefly (): Promise<void> {
    refreshing ??= instruments.refresh().finally(() => { refreshing = undefined })
    await Promise.race([refreshing, pause(REFRESH_MS, undefined, { ref: false })])
  }
}, { name: 'status', dependencies: ['config', 'metrics', 'recent-errors', 'pressure', 'health', 'slow-readers', 'runs', 'shutdown'] })

function frame (event: 'greeting', data: Greeting): string
function frame (event: 'snapshot', data: Snapshot): string
function frame (event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

function withoutReasons (snapshot: Snapshot): Snapshot {
  const checks = snapshot.health.checks.map(({ reason, ...check }) => check)
  return { ...snapshot, health: { ...snapshot.health, checks } }
}
