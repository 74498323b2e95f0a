import { setTimeout as pause } from 'node:timers/promises'
import { startServer, type TalkingServer } from '../server.ts'
import { doMany, SessionClient } from '../session-client.ts'
import { median } from '../statistics.ts'
import type { MeasuredStore } from '../stores.ts'

const AT_ONCE = 50
const WARM_UP = 500
const SLICES = 5
const RESTORED = 5000
/** A session leaves the memory when it was not used for 10 s, and that is looked for every 2 s. */
const LEAVES_AFTER_MS = 15_000

interface Held {
  heapBytes: number
  rssBytes: number
}

interface Pace {
  perSecond: number
  /** CPU time of the server for each. */
  cpuMicros: number
}

/** What so many sessions cost. Memory is by the session; what can't be known of a store is not a number. */
export interface Life {
  sessions: number
  opening: Pace
  /** What a session more costs when there are as many already. */
  lastOpening: Pace
  inMemory: Held
  /** After they have left the memory. */
  atRest: Held
  /** What a process that starts with them holds more than one that starts with none. */
  afterRestart: Held
  storedBytes: number
  restoring: Pace
  /** The same request to a session in memory. */
  pinging: Pace
}

/** Opens so many sessions, lets them rest, starts the server anew and comes back to some of them. */
export async function measureLife (store: MeasuredStore, sessions: number, isQuick: boolean): Promise<Life> {
  const server = await start(store, sessions)
  const fresh = await hold(server)
  const client = new SessionClient(server.address, AT_ONCE)
  const warm = isQuick ? AT_ONCE : WARM_UP
  for (const id of await doMany(warm, AT_ONCE, () => client.open())) await client.end(id)

  const before = await hold(server)
  const bytesBefore = await store.bytes()
  const ids: string[] = []
  const opened: Pace[] = []
  for (let slice = 0; slice < SLICES; slice++) opened.push(await pace(server, sessions / SLICES, async () => { ids.push(await client.open()) }))
  const inMemory = await hold(server)
  const storedBytes = (await store.bytes() - bytesBefore) / sessions
  if (!isQuick) await pause(LEAVES_AFTER_MS)
  const atRest = await hold(server)
  await client.close()
  await server.stop()

  return {
    sessions,
    opening: middle(opened),
    lastOpening: opened.at(-1) ?? NOTHING,
    inMemory: per(sessions, inMemory, before),
    atRest: per(sessions, atRest, before),
    storedBytes,
    ...Number.isNaN(storedBytes) ? { afterRestart: { heapBytes: NaN, rssBytes: NaN }, restoring: NOTHING, pinging: NOTHING } : await measureRestart(store, ids, fresh)
  }
}

async function measureRestart (store: MeasuredStore, ids: readonly string[], fresh: Held): Promise<Pick<Life, 'afterRestart' | 'restoring' | 'pinging'>> {
  const server = await start(store, ids.length)
  const afterRestart = per(ids.length, await hold(server), fresh)
  const client = new SessionClient(server.address, AT_ONCE)
  const each = Math.floor(Math.min(ids.length, RESTORED) / (SLICES + 1))
  const [restored, pinged]: [Pace[], Pace[]] = [[], []]
  for (let slice = 0; slice <= SLICES; slice++) {
    const some = ids.slice(slice * each, (slice + 1) * each)
    const paces = [await pace(server, each, (index) => client.ping(some[index] ?? '')), await pace(server, each, (index) => client.ping(some[index] ?? ''))]
    if (slice === 0) continue // until the code is warm
    restored.push(paces[0] ?? NOTHING)
    pinged.push(paces[1] ?? NOTHING)
  }
  await client.close()
  await server.stop()
  return { afterRestart, restoring: middle(restored), pinging: middle(pinged) }
}

const NOTHING: Pace = { perSecond: NaN, cpuMicros: NaN }

function start ({ url }: MeasuredStore, sessions: number): Promise<TalkingServer> {
  return startServer('product.ts', { nodeArgs: ['--expose-gc'], environment: { STORE_URL: url, SESSION_LIMIT: String(2 * sessions + WARM_UP) } })
}

async function hold (server: TalkingServer): Promise<Held> {
  const { heapBytes } = await server.memory()
  return { heapBytes, rssBytes: server.usage().rssBytes }
}

function per (sessions: number, after: Held, before: Held): Held {
  return { heapBytes: (after.heapBytes - before.heapBytes) / sessions, rssBytes: (after.rssBytes - before.rssBytes) / sessions }
}

async function pace (server: TalkingServer, count: number, work: (index: number) => Promise<void>): Promise<Pace> {
  const [cpuBefore, startedAt] = [server.cpuMicros(), performance.now()]
  await doMany(count, AT_ONCE, work)
  return { perSecond: count / (performance.now() - startedAt) * 1000, cpuMicros: (server.cpuMicros() - cpuBefore) / count }
}

function middle (paces: readonly Pace[]): Pace {
  return { perSecond: median(paces.map(({ perSecond }) => perSecond)), cpuMicros: median(paces.map(({ cpuMicros }) => cpuMicros)) }
}
