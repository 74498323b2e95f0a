import { openSqliteStore } from './sqlite/store.ts'
import type { Store, StoreLimits } from './store.ts'

/**
 * Opens the store that `STORE_URL` names.
 *
 * @param url `sqlite:<file>`, `sqlite::memory:`, `redis://...` or `rediss://...`
 * @throws {StoreError} when it can't be opened
 */
export async function openStore (url: string, options: { limits?: Partial<StoreLimits> } = {}): Promise<Store> {
  if (storeKindOf(url) === 'redis') {
    // Whoever has the embedded store doesn't need the memory that a client of Redis takes.
    const { openRedisStore } = await import('./redis/store.ts')
    return openRedisStore(url, options)
  }
  return openSqliteStore(url.replace(/^sqlite:(\/\/(?=\/))?/, ''), options)
}

export function storeKindOf (url: string): Store['kind'] {
  return /^rediss?:/.test(url) ? 'redis' : 'sqlite'
}
