import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { makeFolder } from '../../make-folder.ts'
import { StoreError } from '../store.ts'
import { migrate } from './migrations.ts'

/** How long a statement waits for another process's lock. It blocks the event loop, so it's short. */
const BUSY_TIMEOUT_MS = 250

export function openDatabase (location: string): DatabaseSync {
  if (location !== ':memory:') makeFolder(path.dirname(path.resolve(location)))
  const db = new DatabaseSync(location, { timeout: BUSY_TIMEOUT_MS })
  try {
    // NORMAL with WAL: a killed process loses nothing, a power cut at most the last moments.
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL')
    migrate(db, location)
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

/** Makes what checks that the file is still the one that is open. SQLite itself doesn't notice: what it writes is lost with the process or piles up in the log. */
export function createFileCheck (location: string): () => void {
  if (location === ':memory:') return () => {}
  const inode = statSync(location).ino
  return () => {
    if (statSync(location, { throwIfNoEntry: false })?.ino !== inode) throw new Error('the file was moved, removed or replaced')
    try {
      accessSync(location, constants.W_OK)
    } catch (error) {
      throw new Error('the file is read-only', { cause: error })
    }
  }
}

/** Does work that other processes see as a whole or not at all. */
export function transact<T> (db: DatabaseSync, work: () => T): T {
  // At once for writing: a transaction that first reads fails, without waiting, when another process writes in between.
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

/** @throws {StoreError} that names the operation */
export function attempt<T> (operation: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new StoreError(operation, error)
  }
}

/** The same for work that is done soon. */
export async function attemptSoon<T> (operation: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw new StoreError(operation, error)
  }
}
