import { setTimeout as pause } from 'node:timers/promises'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { startServer, type TalkingServer } from '../server.ts'
import { STORES, type MeasuredStore, type StoreName } from '../stores.ts'
import { visit, type Visits } from './visit.ts'

const VISITORS = 8
/** A visitor rests for so long at most, so that the machine has something left for whoever measures. */
const REST_MS = 400
/** So many that they can be compared by thirds. */
const SAMPLES = 12

export interface Sample {
  minute: number
  heapBytes: number
  rssBytes: number
  storeBytes: number
  /** Rows or keys of the store. */
  entries: number
}

export interface Soaked {
  samples: Sample[]
  visits: Visits
}

/**
 * Lets visitors come, make calls, and go, for some minutes. A minute is an hour: streams are forgotten after 15 s
 * instead of 15 minutes, sessions that were left after one minute.
 */
export async function soak (name: StoreName, minutes: number, seed: string): Promise<Soaked> {
  const store = await STORES[name]()
  const server = await startServer('hasty.ts', { nodeArgs: ['--expose-gc'], environment: { STORE_URL: store.url, SESSION_TTL: '1m' } })
  const visits: Visits = { sessions: 0, calls: 0, resumes: 0, failed: 0 }
  const over = new AbortController()
  const visitors = Array.from({ length: VISITORS }, (_, index) => keepVisiting(server, createRandom(seed, index), visits, over.signal))
  const samples = await watch(server, store, minutes)
  over.abort()
  await Promise.all(visitors)
  await server.stop()
  await store.close()
  return { samples, visits }
}

async function keepVisiting ({ address }: TalkingServer, random: Random, visits: Visits, over: AbortSignal): Promise<void> {
  while (!over.aborted) {
    await visit(address, random, visits)
    await pause(random.integer(0, REST_MS))
  }
}

async function watch (server: TalkingServer, store: MeasuredStore, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = []
  for (let count = 1; count <= SAMPLES; count++) {
    await pause(minutes * 60_000 / SAMPLES)
    const [{ heapBytes }, { rssBytes }] = [await server.memory(), server.usage()]
    samples.push({ minute: minutes / SAMPLES * count, heapBytes, rssBytes, storeBytes: await store.bytes(), entries: await store.entries() })
  }
  return samples
}
