import type { SessionStore } from './session-store.ts'
import { openSqliteStore } from './sqlite.ts'

/**
 * Opens the store that `STORE_URL` names.
 *
 * @param url `sqlite:<file>` or `sqlite::memory:`
 * @throws {StoreError} when it can't be opened
 */
export function openStore (url: string): SessionStore {
  return openSqliteStore(url.replace(/^sqlite:(\/\/(?=\/))?/, ''))
}
