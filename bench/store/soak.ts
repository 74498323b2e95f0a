import { setTimeout as pause } from 'node:timers/promises'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { startServer, type TalkingServer } from '../server.ts'
import { toMarkdown } from '../table.ts'
import { STORES, type MeasuredStore } from '../stores.ts'
import { visit, type Visits } from './visit.ts'

const VISITORS = 8
/** A visitor rests for so long at most, so that the machine has something left for whoever measures. */
const REST_MS = 400
const SAMPLES = 12

interface Sample {
  heapMiB: number
  rssMiB: number
  storeMiB: number
  entries: number
}

/**
 * Whether anything grows while sessions, calls and streams come and go. A minute is an hour: streams are forgotten after 15 s
 * instead of 15 minutes, sessions that were left after one minute. As a table for each store.
 */
export async function soak (minutes: number, seed: string): Promise<{ report: string, failed: number }> {
  const reports: string[] = []
  let failed = 0
  for (const open of [STORES.sqlite, STORES.redis]) {
    const store = await open()
    const server = await startServer('hasty.ts', { nodeArgs: ['--expose-gc'], environment: { STORE_URL: store.url, SESSION_TTL: '1m' } })
    const visits: Visits = { sessions: 0, calls: 0, resumes: 0, failed: 0 }
    const over = new AbortController()
    const visitors = Array.from({ length: VISITORS }, (_, index) => keepVisiting(server, createRandom(seed, index), visits, over.signal))
    const rows = await watch(server, store, visits, minutes)
    over.abort()
    await Promise.all(visitors)
    await server.stop()
    await store.close()
    failed += visits.failed
    reports.push(`${store.name}, seed ${seed}`, '', rows, '')
  }
  return { report: reports.join('\n'), failed }
}

async function keepVisiting ({ address }: TalkingServer, random: Random, visits: Visits, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await visit(address, random, visits)
    await pause(random.integer(0, REST_MS))
  }
}

async function watch (server: TalkingServer, store: MeasuredStore, visits: Visits, minutes: number): Promise<string> {
  const samples: Sample[] = []
  const rows: Array<Array<string | number>> = []
  for (let count = 1; count <= SAMPLES; count++) {
    await pause(minutes * 60_000 / SAMPLES)
    const [{ heapBytes }, { rssBytes }] = [await server.memory(), server.usage()]
    const sample = { heapMiB: heapBytes / 2 ** 20, rssMiB: rssBytes / 2 ** 20, storeMiB: await store.bytes() / 2 ** 20, entries: await store.entries() }
    samples.push(sample)
    rows.push([(minutes / SAMPLES * count).toFixed(1), ...toCells(sample), visits.sessions, visits.calls, visits.resumes, visits.failed])
  }
  // Sessions that are left fill the store until the first of them are over.
  const [middle, end] = [samples.slice(SAMPLES / 3, SAMPLES * 2 / 3), samples.slice(SAMPLES * 2 / 3)]
  const growth = (what: keyof Sample): string => `${((mean(end, what) / mean(middle, what) - 1) * 100).toFixed(1)} %`
  return toMarkdown(
    ['minute', 'heap MiB', 'RSS MiB', 'store MiB', 'rows or keys', 'sessions', 'calls', 'resumed', 'failed'],
    [...rows, ['last third / second', growth('heapMiB'), growth('rssMiB'), growth('storeMiB'), growth('entries'), '', '', '', '']])
}

function toCells ({ heapMiB, rssMiB, storeMiB, entries }: Sample): Array<string | number> {
  return [heapMiB.toFixed(1), rssMiB.toFixed(1), storeMiB.toFixed(1), entries]
}

function mean (samples: readonly Sample[], what: keyof Sample): number {
  return samples.reduce((sum, sample) => sum + sample[what], 0) / samples.length
}
