import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { openStore } from '../../src/store/open.ts'
import { endSession, openSession } from '../requests.ts'
import { startServer, type TalkingServer } from '../server.ts'
import { toMarkdown } from '../table.ts'
import { EVENT } from './operations.ts'
import { STORES, type MeasuredStore } from '../stores.ts'

const SESSIONS = 10_000
const AT_ONCE = 20
/** A session leaves the memory when it wasn't used for a minute, and that is looked for twice a minute. */
const LEAVES_AFTER_MS = 95_000

/** What sessions that nobody uses take: in the store, and in the process before and after they have left its memory. As tables. */
export async function measureIdleSessions (): Promise<string> {
  const stored: Array<Array<string | number>> = []
  const held: Array<Array<string | number>> = []
  for (const open of [STORES.sqlite, STORES.redis]) {
    const store = await open()
    const { name } = store
    const { perSession, heapMiB, rssMiB } = await fill(store)
    const { perListener, perEvent } = await fillStreams(store)
    await store.close()
    stored.push([name, ...[perSession, perListener, perEvent].map(Math.round)])
    held.push([name, ...[...heapMiB, ...rssMiB].map((value) => value.toFixed(1))])
  }
  return [
    toMarkdown(['bytes', 'session', 'its stream, once the client listens', `event of ${EVENT.length} bytes`], stored),
    '',
    toMarkdown([`MiB, ${SESSIONS} sessions`, 'heap before', 'in memory', 'at rest', 'RSS before', 'in memory', 'at rest'], held)
  ].join('\n')
}

async function fill (store: MeasuredStore) {
  const server = await startServer('product.ts', { nodeArgs: ['--expose-gc'], environment: { STORE_URL: store.url, SESSION_LIMIT: String(2 * SESSIONS) } })
  const { address } = server
  for (const session of await openMany(address, 500)) await endSession(address, session) // until the code is warm
  const bytes = await store.bytes()
  const before = await measure(server)
  await openMany(address, SESSIONS)
  const live = await measure(server)
  const perSession = (await store.bytes() - bytes) / SESSIONS
  await pause(LEAVES_AFTER_MS)
  const after = await measure(server)
  await server.stop()
  const usages = [before, live, after]
  return { perSession, heapMiB: usages.map(({ heapBytes }) => heapBytes / 2 ** 20), rssMiB: usages.map(({ rssBytes }) => rssBytes / 2 ** 20) }
}

async function measure (server: TalkingServer): Promise<{ heapBytes: number, rssBytes: number }> {
  return { ...await server.memory(), rssBytes: server.usage().rssBytes }
}

async function openMany (address: string, count: number): Promise<string[]> {
  const sessions: string[] = []
  for (let opened = 0; opened < count; opened += AT_ONCE) {
    sessions.push(...await Promise.all(Array.from({ length: AT_ONCE }, () => openSession(address))))
  }
  return sessions
}

/** What clients that listen, and what they are told, add to it. */
async function fillStreams (measured: MeasuredStore): Promise<{ perListener: number, perEvent: number }> {
  const { events, close } = await openStore(measured.url)
  const writer = randomUUID()
  const before = await measured.bytes()
  for (let count = 0; count < SESSIONS; count++) await events.open({ session: randomUUID(), stream: 'standalone' }, writer, null, Date.now())
  const listening = await measured.bytes()
  for (let count = 0; count < SESSIONS / 100; count++) {
    const key = { session: randomUUID(), stream: randomUUID() }
    await events.open(key, writer, '[]')
    for (let seq = 1; seq <= 100; seq++) await events.append(key, writer, { seq, data: EVENT }, false)
  }
  const told = await measured.bytes()
  await close()
  return { perListener: (listening - before) / SESSIONS, perEvent: (told - listening) / SESSIONS }
}
