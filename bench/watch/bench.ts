import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Order } from '../bench.ts'
import { CASES } from '../calls/cases.ts'
import { product, type Contestant } from '../calls/contestants.ts'
import { measureCase, type Result } from '../calls/measure-case.ts'
import { describeProgram } from '../machine.ts'
import type { Report } from '../report.ts'
import type { Rounds } from '../rounds.ts'
import { chooseStores, STORES } from '../stores.ts'
import { toDigits, type Table } from '../table.ts'
import { measureScrapes, type Scrapes } from './scrapes.ts'

const SIZES = [1000, 10_000, 100_000]
const QUICK_SIZES = [1000]
const NO_METRICS = { ENABLE_METRICS: 'false' }
const NO_LOGS = { LOG_LEVEL: 'silent' }

/** What it costs a request that it's counted and logged, and what it costs to read the metrics. */
export async function run ({ rounds, seconds, isQuick, flags }: Order): Promise<Report> {
  const [times, duration] = [rounds ?? (isQuick ? 1 : 10), seconds ?? (isQuick ? 1 : 3)]
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-log-'))
  process.stderr.write('requests ...\n')
  const results = await measureRequests(folder, { rounds: times, hasWarmUp: !isQuick }, duration)
  await rm(folder, { recursive: true })

  const scraped: Array<{ store: string, scrapes: Scrapes[] }> = []
  for (const name of chooseStores(flags['store'], ['sqlite'])) {
    const scrapes: Scrapes[] = []
    for (const size of isQuick ? QUICK_SIZES : SIZES) {
      process.stderr.write(`scrapes with ${name}, ${size} sessions ...\n`)
      const store = await STORES[name]()
      scrapes.push(await measureScrapes(store, size, isQuick ? 20 : 300))
      await store.close()
    }
    scraped.push({ store: name, scrapes })
  }
  return {
    method: [
      `The same server with and without what watches it, each started, warmed up and measured ${times} times for ${duration} s, in rounds in which all have their turn; the figures are medians. They are asked as in the bench [calls](calls.md), for tools/call over 50 connections. The log has a line for each request, as it is set up, and goes to \`/dev/null\`, or also into a file.`,
      'The metrics are read again and again, one time after the other, while the server has nothing else to do and its store has so many sessions.'
    ],
    tables: [toTable(results), ...scraped.map(toScrapeTable)],
    growth: scraped.map(({ store, scrapes }) => ({
      costs: 'ms per scrape',
      sizes: `sessions, ${store}`,
      rows: [
        { what: 'CPU of the server', points: scrapes.map(({ sessions, cpuMicros }) => [sessions, cpuMicros / 1000] as const) },
        { what: 'until the client has it, median', points: scrapes.map(({ sessions, p50 }) => [sessions, p50] as const) }
      ]
    })),
    panels: [{ kind: 'bars', title: 'CPU µs per tools/call', bars: results.map(({ contestant: { name }, cpuMicros }) => ({ name, value: cpuMicros, isOurs: name === 'metrics and logs' })) }],
    packages: ['fastify', 'pino', '@prometheus-io/client', 'fastify-metrics'],
    programs: [describeProgram('wrk', '--version', /wrk \S+/)],
    failures: results.filter(({ failed }) => failed > 0).map(({ contestant, failed }) => `${failed} requests of ${contestant.name} failed`)
  }
}

async function measureRequests (folder: string, rounds: Rounds, seconds: number): Promise<Result[]> {
  const contestant = (name: string, environment: Record<string, string>): Contestant => ({ name, lane: 'session', ...product(name, environment) })
  const contestants = [
    contestant('neither', { ...NO_METRICS, ...NO_LOGS }),
    contestant('metrics', NO_LOGS),
    contestant('logs', NO_METRICS),
    contestant('metrics and logs', {}),
    contestant('metrics and logs, also into a file', { LOG_FILE: path.join(folder, 'server.log') })
  ]
  const [call] = CASES.filter(({ name }) => name === 'tools/call@50')
  if (call === undefined) throw new Error('There is no such case')
  return measureCase({ ...call, contestants }, rounds, seconds)
}

function toTable (results: readonly Result[]): Table {
  const [yardstick] = results
  const share = (value: number, of: number | undefined): string => `${((value / (of ?? NaN) - 1) * 100).toFixed(0)} %`
  return {
    title: 'tools/call, 50 connections',
    head: ['with', 'answers/s', 'more', 'CPU µs', 'more', 'p50 ms', 'p99 ms'],
    rows: results.map(({ contestant: { name }, perSecond, cpuMicros, p50, p99 }) => [
      name, Math.round(perSecond), share(perSecond, yardstick?.perSecond), Math.round(cpuMicros), share(cpuMicros, yardstick?.cpuMicros), p50.toFixed(1), p99.toFixed(1)
    ])
  }
}

function toScrapeTable ({ store, scrapes }: { store: string, scrapes: readonly Scrapes[] }): Table {
  return {
    title: `Reading the metrics, ${store}`,
    head: ['sessions', 'CPU ms', 'median ms', '99 % ms', 'KB'],
    rows: scrapes.map(({ sessions, cpuMicros, p50, p99, bytes }) => [sessions.toLocaleString('en'), ...[cpuMicros / 1000, p50, p99, bytes / 1000].map(toDigits)])
  }
}
