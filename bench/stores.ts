import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { openStore } from '../src/store/open.ts'
import { startRedis } from './redis-server.ts'
import { INITIALIZE } from './requests.ts'
import { doMany } from './session-client.ts'

/** A store that is empty at first and gone in the end. */
export interface MeasuredStore {
  name: string
  /** What STORE_URL says. */
  url: string
  /** What it takes: the SQLite file after its log was written back, or the memory that Redis says it uses. */
  bytes (): Promise<number>
  /** Rows of the SQLite file, or keys of Redis. */
  entries (): Promise<number>
  /** Adds records of so many sessions that end at this time, in milliseconds since the epoch. */
  fill (sessions: number, expiresAt: number): Promise<void>
  close (): Promise<void>
}

export const STORES = { sqlite: openSqliteFile, redis: openRedis, memory: openMemory }

export type StoreName = keyof typeof STORES

/** What was named on the command line, or the usual. */
export function chooseStores (names: readonly string[] | undefined, usual: readonly StoreName[]): StoreName[] {
  const known = Object.keys(STORES) as StoreName[]
  const unknown = names?.find((name) => !known.some((store) => store === name))
  if (unknown !== undefined) throw new Error(`There is no store ${unknown}, only ${known.join(', ')}`)
  return names === undefined || names.length === 0 ? [...usual] : known.filter((store) => names.includes(store))
}

/** A SQLite that is gone with its process, and of which nobody else can say how large it is. */
async function openMemory (): Promise<MeasuredStore> {
  return { name: 'SQLite in memory', url: 'sqlite::memory:', bytes: async () => NaN, entries: async () => NaN, fill: async () => {}, close: async () => {} }
}

async function openSqliteFile (): Promise<MeasuredStore> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-store-'))
  const file = path.join(folder, 'store.db')
  const ask = (query: string): number => {
    const db = new DatabaseSync(file, { timeout: 5000 })
    try {
      return Number(Object.values(db.prepare(query).get() ?? {})[0])
    } finally {
      db.close()
    }
  }
  return {
    name: 'SQLite file',
    url: `sqlite:${file}`,
    bytes: async () => {
      ask('PRAGMA wal_checkpoint(TRUNCATE)')
      return (await stat(file)).size
    },
    entries: async () => ask('SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM streams) + (SELECT count(*) FROM events)'),
    // Opening counts the living, which takes its time: the dead come to life together.
    fill: async (sessions, expiresAt) => {
      await createSessions(`sqlite:${file}`, sessions, 0)
      const db = new DatabaseSync(file, { timeout: 5000 })
      db.prepare('UPDATE sessions SET expires_at = ? WHERE expires_at = 0').run(expiresAt)
      db.close()
    },
    close: () => rm(folder, { recursive: true })
  }
}

async function openRedis (): Promise<MeasuredStore> {
  const { url, ask, stop } = await startRedis()
  return {
    name: 'Redis',
    url,
    bytes: async () => Number(/^used_memory:(\d+)/m.exec(String(await ask('INFO', 'memory')))?.[1]),
    entries: async () => Number(await ask('DBSIZE')),
    fill: (sessions, expiresAt) => createSessions(url, sessions, expiresAt),
    close: stop
  }
}

async function createSessions (url: string, count: number, expiresAt: number): Promise<void> {
  const { sessions, close } = await openStore(url)
  const record = { caller: 'anonymous', initialize: INITIALIZE, protocolVersion: INITIALIZE.protocolVersion, logLevel: null, subscriptions: [], createdAt: Date.now(), expiresAt }
  await doMany(count, 50, () => sessions.create({ ...record, id: randomUUID() }, Number.MAX_SAFE_INTEGER))
  await close()
}
