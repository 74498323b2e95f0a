import type { Order } from '../bench.ts'
import type { GrowthTable, Report } from '../report.ts'
import { chooseStores, STORES } from '../stores.ts'
import { toDigits, type Table } from '../table.ts'
import { measureExpiry, type Expiry } from './expiry.ts'
import { measureLife, type Life } from './life.ts'

const SIZES = [1000, 10_000, 100_000]
const QUICK_SIZES = [60, 240]
/** The time of the expiry, in which the server looks for what is over twice. */
const [TTL_SECONDS, QUICK_TTL_SECONDS] = [20, 2]

interface Measured {
  store: string
  lives: Life[]
  expiries: Expiry[]
}

/** What sessions cost that nobody uses, and what it costs to open them, to come back to them, and to forget them. */
export async function run ({ isQuick, flags }: Order): Promise<Report> {
  const sizes = flags['sessions']?.map(Number) ?? []
  const measured: Measured[] = []
  for (const name of chooseStores(flags['store'], ['sqlite'])) {
    const lives: Life[] = []
    const expiries: Expiry[] = []
    for (const size of sizes.length > 0 ? sizes : isQuick ? QUICK_SIZES : SIZES) {
      process.stderr.write(`${name}, ${size} sessions ...\n`)
      const store = await STORES[name]()
      lives.push(await measureLife(store, size, isQuick))
      await store.close()
      // The first one is the shorter to try.
      if (name === 'memory' || (isQuick && expiries.length > 0)) continue
      const other = await STORES[name]()
      expiries.push(await measureExpiry(other, size, isQuick ? QUICK_TTL_SECONDS : TTL_SECONDS))
      await other.close()
    }
    measured.push({ store: name, lives, expiries })
  }
  return {
    method: [
      'Each size has a store and a process of its own. A client opens the sessions, 50 at once, each with `initialize` and `notifications/initialized`; then nobody uses them for 15 s, after which all have left the memory of the process and are only in the store. ' +
      'The process is then started again with the same store, and some of the sessions are used: first, when they must be restored, and again, when they are in memory. Memory is by the session, after a collection of garbage, beyond what the process held after 500 sessions that had come and gone; in the last case, beyond what a process holds that starts with none.',
      'For the expiry the store has that many sessions that are over when the process starts, so that all are found in one look. A request is sent every 10 ms meanwhile, and in a quiet time before. SESSION_TTL is ' +
      `${isQuick ? QUICK_TTL_SECONDS : TTL_SECONDS} s instead of a day, and what is over is looked for twice in this time instead of every 30 s. The delay of the event loop is that of a timer of 1 ms.`
    ],
    tables: measured.flatMap(({ store, lives, expiries }) => [...toLifeTables(store, lives), ...expiries.length === 0 ? [] : [toExpiryTable(store, expiries)]]),
    growth: measured.flatMap(toGrowth),
    panels: measured.map(({ store, lives }) => ({
      kind: 'bars',
      title: `KB per session at rest, ${store}`,
      bars: lives.flatMap(({ sessions, atRest }) => [
        { name: `heap, ${sessions.toLocaleString('en')} sessions`, value: Math.max(0, atRest.heapBytes / 1000), isOurs: true },
        { name: `resident, ${sessions.toLocaleString('en')} sessions`, value: Math.max(0, atRest.rssBytes / 1000) }
      ])
    })),
    packages: [],
    failures: []
  }
}

function toLifeTables (store: string, lives: readonly Life[]): Table[] {
  return [
    {
      title: `Memory by the session, ${store}`,
      note: 'What the process got from the system for sessions in memory it gives back late, if at all: the resident memory at rest is that of the busiest moment.',
      head: ['sessions', 'KB heap in memory', 'KB heap at rest', 'KB resident at rest', 'KB heap after a restart', 'KB resident after a restart', 'bytes in the store'],
      rows: lives.map(({ sessions, inMemory, atRest, afterRestart, storedBytes }) => [
        sessions.toLocaleString('en'),
        ...[inMemory.heapBytes, atRest.heapBytes, atRest.rssBytes, afterRestart.heapBytes, afterRestart.rssBytes].map((bytes) => toDigits(bytes / 1000)), toDigits(storedBytes)
      ])
    },
    {
      title: `Opening and restoring, ${store}`,
      head: ['sessions', 'opened/s', 'CPU µs', 'CPU µs of the last fifth', 'restored and pinged/s', 'CPU µs', 'pinged in memory/s', 'CPU µs'],
      rows: lives.map(({ sessions, opening, lastOpening, restoring, pinging }) => [
        sessions.toLocaleString('en'), ...[opening.perSecond, opening.cpuMicros, lastOpening.cpuMicros, restoring.perSecond, restoring.cpuMicros, pinging.perSecond, pinging.cpuMicros].map((value) => toDigits(Math.round(value)))
      ])
    }
  ]
}

function toExpiryTable (store: string, expiries: readonly Expiry[]): Table {
  return {
    title: `Expiry of all at once, ${store}`,
    head: ['sessions', 's', 'CPU µs per session', 'longest delay of the event loop, ms', 'in quiet', '99 %', 'in quiet', 'slowest answer, ms', 'in quiet', '99 %', 'in quiet'],
    rows: expiries.map(({ sessions, seconds, cpuMicros, during, quiet }) => [
      sessions.toLocaleString('en'), seconds.toFixed(1), toDigits(cpuMicros),
      ...[during.maxMs, quiet.maxMs, during.p99Ms, quiet.p99Ms, during.slowestMs, quiet.slowestMs, during.p99PingMs, quiet.p99PingMs].map((ms) => ms.toFixed(1))
    ])
  }
}

function toGrowth ({ store, lives, expiries }: Measured): GrowthTable[] {
  const table = (costs: string, rows: GrowthTable['rows']): GrowthTable => ({ costs, sizes: `sessions, ${store}`, rows })
  const ofLives = (what: string, pick: (life: Life) => number) => ({ what, points: lives.map((life) => [life.sessions, pick(life)] as const) })
  const ofExpiries = (what: string, pick: (expiry: Expiry) => number) => ({ what, points: expiries.map((expiry) => [expiry.sessions, pick(expiry)] as const) })
  return [
    table('CPU µs', [
      ofLives('opening one more', ({ lastOpening }) => lastOpening.cpuMicros),
      ...expiries.length === 0 ? [] : [ofLives('restoring one', ({ restoring }) => restoring.cpuMicros), ofExpiries('forgetting one', ({ cpuMicros }) => cpuMicros)]
    ]),
    table('KB of all', [ofLives('resident at rest', ({ sessions, atRest }) => sessions * atRest.rssBytes / 1000)]),
    ...expiries.length === 0 ? [] : [table('ms while they expire', [ofExpiries('longest delay of the event loop', ({ during }) => during.maxMs)])]
  ]
}
