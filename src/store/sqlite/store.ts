import { createLocalBus, readBus, type Bus } from '../bus.ts'
import { CONVERSATION_LIMITS } from '../conversation-store.ts'
import { EVENT_LOG_LIMITS } from '../event-log.ts'
import type { Store, StoreLimits } from '../store.ts'
import { createSqliteConversationStore } from './conversation-store.ts'
import { attempt, createFileCheck, openDatabase } from './database.ts'
import { createSqliteEventLog } from './event-log.ts'
import { createSqliteReplicaRegistry } from './replica-registry.ts'
import { createSqliteSessionStore } from './session-store.ts'
import { WriteBatch } from './write-batch.ts'

/**
 * Opens the embedded store. Processes may share its file, but a message on its bus reaches this process only.
 *
 * @param location a file, made with its folder when it doesn't exist, or `:memory:`
 * @throws {StoreError} when it can't be opened or was written by a newer version
 */
export function openSqliteStore (location: string, { limits = {} }: { limits?: Partial<StoreLimits> } = {}): Store {
  const { db, checkFile } = attempt(`open ${location}`, () => ({ db: openDatabase(location), checkFile: createFileCheck(location) }))
  const check = db.prepare('INSERT INTO health (id, checked_at) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET checked_at = excluded.checked_at')
  const appends = new WriteBatch(db)
  const buses = new Map<string, Bus<unknown>>()

  return {
    kind: 'sqlite',
    isLasting: location !== ':memory:',
    sessions: createSqliteSessionStore(db),
    events: createSqliteEventLog(db, appends, { ...EVENT_LOG_LIMITS, ...limits }),
    replicas: createSqliteReplicaRegistry(db),
    conversations: createSqliteConversationStore(db, { ...CONVERSATION_LIMITS, ...limits }),
    bus: (name, read) => {
      const bus = buses.get(name) ?? createLocalBus<unknown>()
      buses.set(name, bus)
      return readBus(bus, read)
    },
    check: async () => attempt('write', () => {
      checkFile()
      check.run(Date.now())
    }),
    close: async () => {
      if (!db.isOpen) return
      appends.flush()
      db.close()
    }
  }
}
