import { accessSync, constants, statSync } from 'node:fs'
import path from 'node:path'
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite'
import { makeFolder } from '../make-folder.ts'
import { StoreError, type EndedSession, type SessionRecord, type SessionStore } from './session-store.ts'

/** What each version of the file's schema added, the first one first. */
const MIGRATIONS = [`
  CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    initialize TEXT NOT NULL,
    protocol_version TEXT NOT NULL,
    log_level TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX sessions_expires_at ON sessions (expires_at);
  CREATE TABLE health (id INTEGER PRIMARY KEY CHECK (id = 1), checked_at INTEGER NOT NULL) STRICT;`,
`
  ALTER TABLE sessions ADD COLUMN subscriptions TEXT NOT NULL DEFAULT '[]';`
]

/** How long a statement waits for another process's lock. It blocks the event loop, so it's short. */
const BUSY_TIMEOUT_MS = 250

type Row = Record<string, SQLOutputValue>

/**
 * Opens the embedded session store.
 *
 * @param location a file, made with its folder when it doesn't exist, or `:memory:`
 * @throws {StoreError} when it can't be opened or was written by a newer version
 */
export function openSqliteStore (location: string): SessionStore {
  const db = attempt(`open ${location}`, () => openDatabase(location))
  const file = location === ':memory:' ? null : { location, inode: attempt(`open ${location}`, () => statSync(location).ino) }
  const statements = {
    insert: db.prepare(`
      INSERT INTO sessions (id, caller, initialize, protocol_version, log_level, subscriptions, created_at, expires_at)
      SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM sessions WHERE expires_at > ?) < ?`),
    get: db.prepare('SELECT * FROM sessions WHERE id = ? AND expires_at > ?'),
    touch: db.prepare('UPDATE sessions SET expires_at = ? WHERE id = ? AND expires_at > ?'),
    setWishes: db.prepare('UPDATE sessions SET log_level = coalesce(?, log_level), subscriptions = coalesce(?, subscriptions) WHERE id = ?'),
    delete: db.prepare('DELETE FROM sessions WHERE id = ? RETURNING id, created_at, expires_at'),
    removeExpired: db.prepare('DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING id, created_at, expires_at'),
    count: db.prepare('SELECT count(*) AS count FROM sessions WHERE expires_at > ?'),
    check: db.prepare('INSERT INTO health (id, checked_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at')
  }

  return {
    create: async (record, limit) => attempt('create a session', () => statements.insert.run(
      record.id, record.caller, JSON.stringify(record.initialize), record.protocolVersion, record.logLevel,
      JSON.stringify(record.subscriptions), record.createdAt, record.expiresAt,
      Date.now(), limit).changes === 1),
    get: async (id) => attempt('read a session', () => {
      const row = statements.get.get(id, Date.now())
      return row === undefined ? undefined : toRecord(row)
    }),
    touch: async (id, expiresAt) => attempt('touch a session', () => statements.touch.run(expiresAt, id, Date.now()).changes === 1),
    setWishes: async (id, { logLevel = null, subscriptions }) => attempt('update a session', () => {
      statements.setWishes.run(logLevel, subscriptions === undefined ? null : JSON.stringify(subscriptions), id)
    }),
    delete: async (id) => attempt('delete a session', () => {
      const row = statements.delete.get(id)
      return row !== undefined && Number(row['expires_at']) > Date.now() ? toEnded(row) : undefined
    }),
    removeExpired: async (limit) => attempt('remove expired sessions', () => statements.removeExpired.all(Date.now(), limit).map(toEnded)),
    count: async () => attempt('count sessions', () => Number(statements.count.get(Date.now())?.['count'])),
    check: async () => attempt('write', () => {
      if (file !== null) checkFile(file)
      statements.check.run(Date.now())
    }),
    close: async () => { if (db.isOpen) db.close() }
  }
}

function openDatabase (location: string): DatabaseSync {
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

/** SQLite itself doesn't notice: it goes on with the file that it has opened, and what it writes is lost with the process or piles up in the log. */
function checkFile ({ location, inode }: { location: string, inode: number }): void {
  if (statSync(location, { throwIfNoEntry: false })?.ino !== inode) throw new Error('the file was moved, removed or replaced')
  try {
    accessSync(location, constants.W_OK)
  } catch (error) {
    throw new Error('the file is read-only', { cause: error })
  }
}

function migrate (db: DatabaseSync, location: string): void {
  if (versionOf(db) === MIGRATIONS.length) return
  db.exec('BEGIN IMMEDIATE')
  // Again, since another process may have been quicker.
  const version = versionOf(db)
  if (version > MIGRATIONS.length) throw new Error(`${location} was written by a newer version of the server`)
  db.exec(`${MIGRATIONS.slice(version).join('')} PRAGMA user_version = ${MIGRATIONS.length}; COMMIT`)
}

function versionOf (db: DatabaseSync): number {
  return Number(db.prepare('PRAGMA user_version').get()?.['user_version'])
}

function toEnded (row: Row): EndedSession {
  return { id: String(row['id']), createdAt: Number(row['created_at']), expiresAt: Number(row['expires_at']) }
}

function toRecord (row: Row): SessionRecord {
  const logLevel = row['log_level']
  return {
    id: String(row['id']),
    caller: String(row['caller']),
    initialize: JSON.parse(String(row['initialize'])) as Record<string, unknown>,
    protocolVersion: String(row['protocol_version']),
    logLevel: typeof logLevel === 'string' ? logLevel : null,
    subscriptions: JSON.parse(String(row['subscriptions'])) as string[],
    createdAt: Number(row['created_at']),
    expiresAt: Number(row['expires_at'])
  }
}

function attempt<T> (operation: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new StoreError(operation, error)
  }
}
