import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { EndedSession, SessionRecord, SessionStore } from '../session-store.ts'
import { attempt } from './database.ts'

type Row = Record<string, SQLOutputValue>

/** All but those whose time is over, which are few: they are removed soon. */
const COUNT = '(SELECT total FROM session_total) - (SELECT count(*) FROM sessions WHERE expires_at <= ?)'

export function createSqliteSessionStore (db: DatabaseSync): SessionStore {
  const statements = {
    insert: db.prepare(`
      INSERT INTO sessions (id, caller, initialize, protocol_version, log_level, subscriptions, created_at, expires_at)
      SELECT ?, ?, ?, ?, ?, ?, ?, ? WHERE ${COUNT} < ?
      ON CONFLICT (id) DO NOTHING`),
    has: db.prepare('SELECT 1 FROM sessions WHERE id = ?'),
    get: db.prepare('SELECT * FROM sessions WHERE id = ? AND expires_at > ?'),
    touch: db.prepare('UPDATE sessions SET expires_at = ? WHERE id = ? AND expires_at > ?'),
    setWishes: db.prepare('UPDATE sessions SET log_level = coalesce(?, log_level), subscriptions = coalesce(?, subscriptions) WHERE id = ?'),
    delete: db.prepare('DELETE FROM sessions WHERE id = ? AND expires_at > ? RETURNING id, created_at, expires_at'),
    removeExpired: db.prepare('DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE expires_at <= ? ORDER BY expires_at LIMIT ?) RETURNING id, created_at, expires_at'),
    count: db.prepare(`SELECT ${COUNT} AS count`)
  }

  return {
    create: async (record, limit) => attempt('create a session', () => {
      const { changes } = statements.insert.run(
        record.id, record.caller, JSON.stringify(record.initialize), record.protocolVersion, record.logLevel,
        JSON.stringify(record.subscriptions), record.createdAt, record.expiresAt,
        Date.now(), limit)
      return changes === 1 || statements.has.get(record.id) !== undefined
    }),
    get: async (id) => attempt('read a session', () => {
      const row = statements.get.get(id, Date.now())
      return row === undefined ? undefined : toRecord(row)
    }),
    touch: async (id, expiresAt) => attempt('touch a session', () => statements.touch.run(expiresAt, id, Date.now()).changes === 1),
    setWishes: async (id, { logLevel = null, subscriptions }) => attempt('update a session', () => {
      statements.setWishes.run(logLevel, subscriptions === undefined ? null : JSON.stringify(subscriptions), id)
    }),
    delete: async (id) => attempt('delete a session', () => {
      const row = statements.delete.get(id, Date.now())
      return row === undefined ? undefined : toEnded(row)
    }),
    removeExpired: async (limit) => attempt('remove expired sessions', () => statements.removeExpired.all(Date.now(), limit).map(toEnded)),
    count: async () => attempt('count sessions', () => Number(statements.count.get(Date.now())?.['count']))
  }
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
