import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { startRedis } from './redis-server.ts'

/** A store that is empty at first and gone in the end. */
export interface MeasuredStore {
  name: string
  /** What STORE_URL says. */
  url: string
  /** What it takes: the SQLite file after its log was written back, or the memory that Redis says it uses. */
  bytes (): Promise<number>
  /** Rows of the SQLite file, or keys of Redis. */
  entries (): Promise<number>
  close (): Promise<void>
}

export const STORES = [openSqliteFile, openRedis]

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
    close: stop
  }
}
