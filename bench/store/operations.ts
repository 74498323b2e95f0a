import { randomUUID } from 'node:crypto'
import type { StreamKey } from '../../src/store/event-log.ts'
import { openStore } from '../../src/store/open.ts'
import type { Store } from '../../src/store/store.ts'
import { LINE } from '../line.ts'
import { INITIALIZE } from '../requests.ts'
import { interleave, type Rounds } from '../rounds.ts'
import { STORES, type StoreName } from '../stores.ts'

/** A piece of an answer, as it is stored. */
export const EVENT = JSON.stringify({
  jsonrpc: '2.0',
  method: 'notifications/progress',
  params: { progressToken: 1, progress: 42, message: LINE, _meta: { 'mcp-dust-server/kind': 'text', 'mcp-dust-server/draft': 1, 'mcp-dust-server/position': '1732300000000-0' } }
})
const CALL = JSON.stringify([{ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'dust_ask_agent', arguments: { agent: 'Researcher', message: LINE }, _meta: { progressToken: 1 } } }])
const NOTE = JSON.stringify({ isDone: true, result: { agent: { sId: 'researcher', name: 'Researcher' }, run: { conversationId: 'H9go95jzLk', messageId: 'FjKq81vTzX', url: 'https://dust.tt/w/demo/agent/H9go95jzLk' } } })
const STREAMS = 50
const EVENTS = 100
const WRITER = randomUUID()
const HOUR_MS = 3_600_000

export interface Costs {
  /** Of each operation. */
  micros: number[]
  /** CPU time of this process for each operation, by the round. */
  cpuMicros: number[]
}

/** Does the work so many times, some of it at once. */
type Timed = (name: string, times: number, work: (index: number) => Promise<unknown>, atOnce?: number) => Promise<void>

/** What the operations of a store cost, by their names. */
export interface MeasuredOperations {
  store: StoreName
  sessions: number
  costs: ReadonlyMap<string, Costs>
}

/** Measures stores that have so many sessions already. The rounds go around the stores, so that whatever else the machine does strikes all of them. */
export async function measureOperations (names: readonly StoreName[], sessions: number, rounds: Rounds): Promise<MeasuredOperations[]> {
  const contestants = await Promise.all(names.map(async (name) => {
    const measured = await STORES[name]()
    await measured.fill(sessions, Date.now() + HOUR_MS)
    return { name, measured, store: await openStore(measured.url), costs: new Map<string, Costs>() }
  }))
  await interleave(contestants, rounds, async ({ store, costs }, isWarmUp) => doEverything(store, createTimer(isWarmUp ? new Map() : costs)))
  for (const { store, measured } of contestants) {
    await store.close()
    await measured.close()
  }
  return contestants.map(({ name: store, costs }) => ({ store, sessions, costs }))
}

async function doEverything ({ sessions, events }: Store, timed: Timed): Promise<void> {
  const now = Date.now()
  const record = { caller: 'bench', initialize: INITIALIZE, protocolVersion: '2025-11-25', logLevel: null, subscriptions: [], createdAt: now, expiresAt: now + 60_000 }
  const keys = Array.from({ length: STREAMS }, (): StreamKey => ({ session: randomUUID(), stream: randomUUID() }))
  const keyAt = (index: number): StreamKey => keys[index % STREAMS] ?? { session: '', stream: '' }
  const [key] = [keyAt(0)]
  const append = (index: number, key: StreamKey): Promise<boolean> => events.append(key, WRITER, { seq: index + 1, data: EVENT }, false)

  await timed('open a session', STREAMS, (index) => sessions.create({ ...record, id: keyAt(index).session }, 1e9))
  await timed('find a session', STREAMS, (index) => sessions.get(keyAt(index).session))
  await timed('prolong a session', STREAMS, (index) => sessions.touch(keyAt(index).session, now + 90_000))
  await timed('open a stream', STREAMS, (index) => events.open(keyAt(index), WRITER, CALL))
  await timed('note the result of a deed', STREAMS, (index) => events.note(keyAt(index), 'deed/0/run', NOTE, WRITER))
  await timed(`store an event of ${EVENT.length} bytes`, EVENTS, (index) => append(index, key))
  await timed(`read ${EVENTS} events`, 20, () => events.read(key, 0))
  await timed('read the newest one', 20, () => events.read(key, EVENTS - 1))
  await events.forget(key.session)
  await events.open(key, WRITER, CALL)
  await timed(`store an event, ${STREAMS} at once`, EVENTS * STREAMS, (index) => append(Math.floor(index / STREAMS), keyAt(index)), STREAMS)
  for (const { session } of keys) {
    await events.forget(session)
    await sessions.delete(session)
  }
}

function createTimer (costs: Map<string, Costs>): Timed {
  return async (name, times, work, atOnce = 1) => {
    const { micros, cpuMicros } = costs.get(name) ?? { micros: [], cpuMicros: [] }
    costs.set(name, { micros, cpuMicros })
    const before = process.cpuUsage()
    for (let done = 0; done < times; done += atOnce) {
      const startedAt = performance.now()
      await Promise.all(Array.from({ length: atOnce }, (_, index) => work(done + index)))
      micros.push((performance.now() - startedAt) * 1000 / atOnce)
    }
    const { user, system } = process.cpuUsage(before)
    cpuMicros.push((user + system) / times)
  }
}
