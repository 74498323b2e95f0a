import type { DatabaseSync } from 'node:sqlite'
import type { ReplicaRegistry } from '../replica-registry.ts'
import { attempt } from './database.ts'

export function createSqliteReplicaRegistry (db: DatabaseSync): ReplicaRegistry {
  const statements = {
    beat: db.prepare('INSERT INTO replicas (name, expires_at) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at'),
    bury: db.prepare('DELETE FROM replicas WHERE expires_at <= ?'),
    leave: db.prepare('DELETE FROM replicas WHERE name = ?'),
    alive: db.prepare('SELECT name FROM replicas WHERE expires_at > ? ORDER BY name')
  }

  return {
    beat: async (replica, ttlMs) => attempt('say that this replica lives', () => {
      const now = Date.now()
      statements.beat.run(replica, now + ttlMs)
      statements.bury.run(now)
    }),
    leave: async (replica) => attempt('say that this replica leaves', () => { statements.leave.run(replica) }),
    alive: async () => attempt('list the replicas', () => statements.alive.all(Date.now()).map((row) => String(row['name'])))
  }
}
