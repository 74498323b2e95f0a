import type { Order } from '../bench.ts'
import type { ProcessUsage } from '../process-usage.ts'
import type { Report } from '../report.ts'
import { interleave } from '../rounds.ts'
import { median, quantile } from '../statistics.ts'
import { STORES } from '../stores.ts'
import { toDigits, type Cell } from '../table.ts'
import { measureImage } from './image.ts'
import { build, FROM_SOURCE, startEmulatorProcess, startNothing, startServerProcess } from './processes.ts'

const SIZES = [1000, 10_000, 100_000]
const QUICK_SIZES = [1000]
const HOUR_MS = 3_600_000
const REST_SECONDS = 10
/** Of the rounds, those in which the process rests. */
const RESTS = 3

interface Sample {
  ms: number
  cpuMicros: number
  usage: ProcessUsage | null
}

/** How long the server takes to start, and what it and its image take. */
export async function run ({ rounds, isQuick }: Order): Promise<Report> {
  const times = rounds ?? (isQuick ? 1 : 15)
  const restSeconds = isQuick ? 1 : REST_SECONDS
  const emulator = await startEmulatorProcess()
  const { program: built, remove } = await build()
  const contestants: Array<{ name: string, start: (isResting: boolean) => Promise<Sample> }> = [
    {
      name: 'Node that does nothing',
      start: async (isResting) => {
        const { ms, usage } = await startNothing(isResting ? restSeconds : 0)
        return { ms, cpuMicros: NaN, usage: isResting ? usage : null }
      }
    },
    { name: 'as it is built', start: (isResting) => startOnce(built, emulator.environment, isResting ? restSeconds : null) },
    { name: 'from its sources', start: (isResting) => startOnce(FROM_SOURCE, emulator.environment, isResting ? restSeconds : null) }
  ]
  process.stderr.write('starts ...\n')
  let started = 0
  const samples = await interleave(contestants, { rounds: times, hasWarmUp: !isQuick }, async ({ start }, isWarmUp) => {
    const isResting = !isWarmUp && started++ < RESTS * contestants.length
    return start(isResting)
  })

  const growth: Array<{ size: number, ms: number }> = []
  for (const size of isQuick ? QUICK_SIZES : SIZES) {
    process.stderr.write(`starts with ${size} sessions ...\n`)
    const store = await STORES.sqlite()
    await store.fill(size, Date.now() + HOUR_MS)
    const taken: number[] = []
    for (let count = 0; count < Math.ceil(times / 3); count++) taken.push((await startOnce(built, { ...emulator.environment, STORE_URL: store.url }, null)).ms)
    growth.push({ size, ms: median(taken) })
    await store.close()
  }
  await emulator.stop()
  await remove()
  process.stderr.write('image ...\n')
  const image = isQuick ? 'this was only tried' : await measureImage()

  return {
    method: [
      `From exec to the first 200 of \`/ready\`, which is asked every 2 ms; ${times} starts of each, in turn. Each begins with no store, the emulated workspace is another process and runs already. After ${restSeconds} s without a request, what the process holds is read from \`/proc\`: resident, and with what it shares with other processes counted by its share. Node that does nothing is what lies below: from exec to its end, and while it waits.`
    ],
    tables: [
      {
        title: 'Start',
        head: ['', 'median ms', '90 % ms', 'CPU ms', 'resident MB at rest', 'by its share, MB'],
        rows: [...samples].map(([{ name }, all]): Cell[] => [
          name, ...[median(all.map(({ ms }) => ms)), quantile(all.map(({ ms }) => ms), 0.9), median(all.map(({ cpuMicros }) => cpuMicros)) / 1000].map((ms) => toDigits(Math.round(ms))),
          ...middleUsage(all).map((bytes) => (bytes / 1e6).toFixed(1))
        ])
      },
      typeof image === 'string'
        ? { title: 'Image', note: `Not measured: ${image}.`, head: ['beyond its base', 'MB'], rows: [] }
        : {
            title: 'Image',
            head: ['beyond its base', 'MB'],
            rows: [['all', (image.bytes / 1e6).toFixed(1)], ['of them packages', (image.packageBytes / 1e6).toFixed(1)], ['files', image.files]]
          }
    ],
    growth: [{ costs: 'ms to start', sizes: 'sessions in the store', rows: [{ what: 'start', points: growth.map(({ size, ms }) => [size, ms] as const) }] }],
    panels: [
      { kind: 'bars', title: 'ms from exec to ready', bars: [...samples].map(([{ name }, all]) => ({ name, value: median(all.map(({ ms }) => ms)), isOurs: name === 'as it is built' })) },
      { kind: 'bars', title: 'MB resident at rest', bars: [...samples].map(([{ name }, all]) => ({ name, value: (middleUsage(all)[0] ?? NaN) / 1e6, isOurs: name === 'as it is built' })) }
    ],
    packages: ['fastify'],
    failures: []
  }
}

async function startOnce (program: string, environment: Record<string, string>, restSeconds: number | null): Promise<Sample> {
  const { ms, cpuMicros, rest, stop } = await startServerProcess(program, environment)
  const usage = restSeconds === null ? null : await rest(restSeconds)
  await stop()
  return { ms, cpuMicros, usage }
}

function middleUsage (samples: readonly Sample[]): number[] {
  const usages = samples.flatMap(({ usage }) => usage ?? [])
  return [median(usages.map(({ rssBytes }) => rssBytes)), median(usages.map(({ pssBytes }) => pssBytes))]
}
