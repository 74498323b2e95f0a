import type { Order } from '../bench.ts'
import type { GrowthTable, Report } from '../report.ts'
import { interleave } from '../rounds.ts'
import { startProgram, startServer } from '../server.ts'
import { median } from '../statistics.ts'
import { chooseStores, STORES } from '../stores.ts'
import { toDigits, type Table } from '../table.ts'
import { measureStreams, type Streams } from './measure.ts'

const SIZES = [10, 100, 1000]
const QUICK_SIZES = [2, 10]
/** What an agent says at its pace: together 5,000 events a second when there are a thousand. */
const EVERY_MS = 200
/** How long the service collects pieces of an answer before it tells them. */
const WINDOW_MS = 200
/** From the start of one run to that of the next. */
const RAMP_MS = 20
const WARM_UP_RUNS = 50

interface Measured {
  store: string
  sizes: Streams[][]
}

/** Many agents at once, from what they say to what the clients hear. */
export async function run ({ rounds, seconds, isQuick, flags }: Order): Promise<Report> {
  const times = rounds ?? (isQuick ? 1 : 3)
  const duration = seconds ?? (isQuick ? 2 : 15)
  const everyMs = Number(flags['every']?.at(-1) ?? EVERY_MS)
  const chosen = flags['runs']?.map(Number) ?? []
  const sizes = chosen.length > 0 ? chosen : isQuick ? QUICK_SIZES : SIZES
  const emulator = await startProgram('streams/emulator.ts')
  const measured: Measured[] = []
  for (const name of chooseStores(flags['store'], ['sqlite'])) {
    process.stderr.write(`${name} ...\n`)
    const store = await STORES[name]()
    const server = await startServer('product.ts', {
      environment: { DUST_BASE_URL: emulator.address, DUST_API_KEY: 'sk-demo', DUST_WORKSPACE_ID: 'demo', STORE_URL: store.url, DUST_MAX_RUNS: String(2 * Math.max(...sizes)), DUST_AGENT_TOOLS: 'false' }
    })
    const samples = await interleave(sizes, { rounds: times, hasWarmUp: !isQuick }, async (runs, isWarmUp) => {
      // All must speak before the first one ends, also where starting is slow.
      const some = isWarmUp ? Math.min(runs, WARM_UP_RUNS) : runs
      const rampMs = some * RAMP_MS
      return measureStreams(server, emulator, { runs: some, rampMs, everyMs, windowMs: WINDOW_MS, pieces: Math.round((2 * rampMs + duration * 1000) / everyMs) })
    })
    measured.push({ store: name, sizes: [...samples.values()] })
    await server.stop()
    await store.close()
  }
  await emulator.stop()
  return {
    method: [
      `Agents of the emulated workspace, in a process of its own, each say a piece every ${everyMs} ms, for ${duration} s in which all of them speak. Clients in a third process ask them with dust_ask_agent, each in a session of its own, and read the event streams. All three share the machine; a core's worth of work is 100 %. ${times} rounds, in each of which all sizes have their turn; medians.`,
      `Each piece says when it was said, so that the client knows how old it is when it arrives. The server collects the pieces of an answer for ${WINDOW_MS} ms and tells them together, which is meant so: *newest piece* is the age of the last one in a notification when it arrives, *beyond the window* the age of the first one less these ${WINDOW_MS} ms, which is the time that the server and both ways to it add. ` +
      'Notifications that an end of the run sends early don\'t count there. *Answer* is from the last event of a run to the arrival of its answer. CPU per event is that of the server while all speak, per run that of everything from the session\'s opening to its end. The event loop\'s 99 % is that of the metric `nodejs_eventloop_lag_p99_seconds` for this time.',
      'Each answer must be complete, and be what was told piece by piece; otherwise the bench fails.'
    ],
    tables: measured.flatMap(toTables),
    growth: measured.flatMap(toGrowth),
    panels: [],
    packages: ['fastify', 'undici', 'eventsource-parser'],
    failures: measured.flatMap(({ store, sizes }) => sizes.flat().flatMap(({ runs, faults }) => faults.length === 0 ? [] : [`${store}, ${runs} runs: ${faults.length} went wrong, such as: ${faults[0]}`]))
  }
}

function middle (samples: readonly Streams[], pick: (streams: Streams) => number): number {
  return median(samples.map(pick))
}

function toTables ({ store, sizes }: Measured): Table[] {
  const runs = (samples: readonly Streams[]): string => samples[0]?.runs.toLocaleString('en') ?? ''
  const pick = (samples: readonly Streams[], ...picks: Array<(streams: Streams) => number>): string[] => picks.map((one) => toDigits(middle(samples, one)))
  return [
    {
      title: `Added latency in ms, ${store}`,
      head: ['runs at once', 'beyond the window, median', '99 %', 'newest piece, median', '99 %', 'answer, median', '99 %'],
      rows: sizes.map((samples) => [runs(samples), ...pick(samples,
        ({ latencies }) => latencies.beyondWindow.p50, ({ latencies }) => latencies.beyondWindow.p99,
        ({ latencies }) => latencies.newest.p50, ({ latencies }) => latencies.newest.p99,
        ({ latencies }) => latencies.answer.p50, ({ latencies }) => latencies.answer.p99)])
    },
    {
      title: `Throughput and cost, ${store}`,
      head: ['runs at once', 'events/s', 'notifications/s', 'CPU µs per event', 'CPU ms per run', '99 % of the event loop, ms', 'server', 'emulator', 'clients'],
      rows: sizes.map((samples) => [
        runs(samples), ...pick(samples, ({ eventsPerSecond }) => Math.round(eventsPerSecond), ({ notificationsPerSecond }) => Math.round(notificationsPerSecond), ({ cpuPerEvent }) => cpuPerEvent, ({ cpuPerRun }) => cpuPerRun / 1000, ({ loopP99Ms }) => loopP99Ms),
        ...[({ load }: Streams) => load.server, ({ load }: Streams) => load.emulator, ({ load }: Streams) => load.clients].map((one) => `${Math.round(middle(samples, one) * 100)} %`)
      ])
    }
  ]
}

function toGrowth ({ store, sizes }: Measured): GrowthTable[] {
  const row = (what: string, pick: (streams: Streams) => number) => ({ what, points: sizes.map((samples) => [samples[0]?.runs ?? NaN, middle(samples, pick)] as const) })
  return [
    { costs: 'ms', sizes: `runs, ${store}`, rows: [row('beyond the window, 99 %', ({ latencies }) => latencies.beyondWindow.p99), row('answer, 99 %', ({ latencies }) => latencies.answer.p99), row('event loop, 99 %', ({ loopP99Ms }) => loopP99Ms)] },
    { costs: 'CPU of the server, ms', sizes: `runs, ${store}`, rows: [row('all runs', ({ cpuPerRun, runs }) => cpuPerRun * runs / 1000), row('each run', ({ cpuPerRun }) => cpuPerRun / 1000)] }
  ]
}
