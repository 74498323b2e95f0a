import type { Order } from '../bench.ts'
import { describeProgram } from '../machine.ts'
import { whyNot } from '../programs.ts'
import type { GrowthTable, Report } from '../report.ts'
import { median, quantile } from '../statistics.ts'
import { chooseStores, type StoreName } from '../stores.ts'
import { toDigits, type Table } from '../table.ts'
import { EVENT, measureOperations, type Costs, type MeasuredOperations } from './operations.ts'
import { measureRestore, type Restores } from './restore.ts'
import { measureSizes, type Sizes } from './sizes.ts'

const SIZES = [1000, 10_000, 100_000]
const QUICK_SIZES = [100, 1000]

/** What the stores cost: their operations, what they take for each thing, and what a session's restoring takes. */
export async function run ({ rounds, isQuick, flags }: Order): Promise<Report> {
  const times = rounds ?? (isQuick ? 2 : 20)
  const noRedis = whyNot('redis-server')
  const stores = chooseStores(flags['store'], noRedis === null ? ['sqlite', 'redis'] : ['sqlite'])
  const sizes = isQuick ? QUICK_SIZES : SIZES
  const measured: MeasuredOperations[][] = []
  for (const size of sizes) {
    process.stderr.write(`operations with ${size} sessions ...\n`)
    measured.push(await measureOperations(stores, size, { rounds: times, hasWarmUp: true }))
  }
  process.stderr.write('sizes and restores ...\n')
  const taken: Array<[StoreName, Sizes]> = []
  const restores: Array<[StoreName, Restores]> = []
  for (const store of stores) {
    taken.push([store, await measureSizes(store, isQuick ? 1000 : 10_000)])
    // Processes start slowly; one shows that it works.
    if (!isQuick || restores.length === 0) restores.push([store, await measureRestore(store, isQuick)])
  }
  const usual = measured.at(1) ?? []
  return {
    method: [
      `SQLite in a file, and Redis on the loopback address with \`appendfsync everysec\`; a network between server and Redis adds its round trip to each operation. The operations are done ${times} times over, in rounds in which each store has its turn, in the process that measures, in stores that have so many sessions already. CPU is that of this process, not of Redis.` +
      (noRedis === null ? '' : ` Redis was not measured: ${noRedis}.`),
      'A session is restored by a process that serves others already, after another one has opened it; the first call of a new process is its very first. Times are those of a quick call of a tool, as its client sees them.'
    ],
    tables: [
      ...usual.map((operations) => toTable(operations)),
      {
        title: 'Bytes in the store',
        head: ['', 'session', 'its stream, once the client listens', `event of ${EVENT.length} bytes`],
        rows: taken.map(([store, { session, listener, event }]) => [store, ...[session, listener, event].map(Math.round)])
      },
      {
        title: 'A call in a session',
        head: ['ms', 'in memory', 'restored', '99 %', 'first of a new process', 'second', 'start of the process'],
        rows: restores.map(([store, { live, restored, first, second, start }]) => [store, ...[median(live), median(restored), quantile(restored, 0.99), median(first), median(second), median(start)].map((ms) => ms.toFixed(1))])
      }
    ],
    growth: stores.map((store) => toGrowth(store, measured.map((all) => all.filter((one) => one.store === store)).flat())),
    panels: usual.map(({ store, costs }) => ({ kind: 'bars', title: `µs per operation, ${store}`, bars: [...costs].map(([name, { micros }]) => ({ name, value: median(micros), isOurs: true })) })),
    packages: ['ioredis'],
    programs: noRedis === null ? [describeProgram('redis-server', '--version', /(?<=v=)\S+/).replace(/^/, 'redis-server ')] : [],
    failures: []
  }
}

function toTable ({ store, sessions, costs }: MeasuredOperations): Table {
  return {
    title: `Operations with ${sessions.toLocaleString('en')} sessions, ${store}`,
    head: ['', 'median µs', '99 % µs', 'CPU µs'],
    rows: [...costs].map(([name, { micros, cpuMicros }]) => [name, ...[median(micros), quantile(micros, 0.99), median(cpuMicros)].map(toDigits)])
  }
}

function toGrowth (store: StoreName, measured: readonly MeasuredOperations[]): GrowthTable {
  const cost = (costs: Costs | undefined): number => median(costs?.micros ?? [])
  return {
    costs: 'median µs',
    sizes: `sessions in the store, ${store}`,
    rows: [...measured[0]?.costs.keys() ?? []].map((what) => ({ what, points: measured.map(({ sessions, costs }) => [sessions, cost(costs.get(what))] as const) }))
  }
}
