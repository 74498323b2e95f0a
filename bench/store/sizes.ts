import { randomUUID } from 'node:crypto'
import { openStore } from '../../src/store/open.ts'
import { STORES, type StoreName } from '../stores.ts'
import { EVENT } from './operations.ts'

const HOUR_MS = 3_600_000

/** Bytes that the store takes for each. */
export interface Sizes {
  session: number
  /** The stream of a session whose client listens. */
  listener: number
  event: number
}

export async function measureSizes (name: StoreName, sessions: number): Promise<Sizes> {
  const measured = await STORES[name]()
  const before = await measured.bytes()
  await measured.fill(sessions, Date.now() + HOUR_MS)
  const filled = await measured.bytes()
  const { events, close } = await openStore(measured.url)
  const writer = randomUUID()
  for (let count = 0; count < sessions; count++) await events.open({ session: randomUUID(), stream: 'standalone' }, writer, null, Date.now())
  const listening = await measured.bytes()
  for (let count = 0; count < sessions / 100; count++) {
    const key = { session: randomUUID(), stream: randomUUID() }
    await events.open(key, writer, '[]')
    for (let seq = 1; seq <= 100; seq++) await events.append(key, writer, { seq, data: EVENT }, false)
  }
  const told = await measured.bytes()
  await close()
  await measured.close()
  return { session: (filled - before) / sessions, listener: (listening - filled) / sessions, event: (told - listening) / sessions }
}
