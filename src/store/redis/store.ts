import { readBus } from '../bus.ts'
import { CONVERSATION_LIMITS } from '../conversation-store.ts'
import { EVENT_LOG_LIMITS } from '../event-log.ts'
import { StoreError, type Store, type StoreLimits } from '../store.ts'
import { createRedisBuses } from './bus.ts'
import { createRedisConnection, type RedisConnection } from './connection.ts'
import { createRedisConversationStore } from './conversation-store.ts'
import { createRedisEventLog } from './event-log.ts'
import { createRedisReplicaRegistry } from './replica-registry.ts'
import { createRedisSessionStore } from './session-store.ts'

/** How long what a check has written is kept. */
const CHECK_TTL_MS = 60_000

/**
 * Opens the store that replicas share: one Redis or Valkey, of version 6.2 or newer; no cluster of them, since a script reaches keys of several slots.
 *
 * @param url `redis://` or `rediss://`, with a password when one is needed
 * @throws {StoreError} when it can't be used within seconds
 */
export async function openRedisStore (url: string, { limits = {} }: { limits?: Partial<StoreLimits> } = {}): Promise<Store> {
  const connection = createRedisConnection(url)
  // One that is subscribed can do nothing else.
  const subscriber = createRedisConnection(url)
  const busOf = createRedisBuses(connection, subscriber)

  const store: Store = {
    kind: 'redis',
    isLasting: true,
    sessions: createRedisSessionStore(connection),
    events: createRedisEventLog(connection, { ...EVENT_LOG_LIMITS, ...limits }),
    replicas: createRedisReplicaRegistry(connection),
    conversations: createRedisConversationStore(connection, { ...CONVERSATION_LIMITS, ...limits }),
    bus: (name, read) => readBus(busOf(name), read),
    check: async () => { await Promise.all([checkWriting(connection), subscriber.run('listen', () => subscriber.redis.ping())]) },
    close: async () => { await Promise.all([connection.close(), subscriber.close()]) }
  }
  try {
    await store.check()
    return store
  } catch (error) {
    await store.close()
    throw error
  }
}

/** A replica that only reads, or a full memory, would still answer a ping. */
async function checkWriting ({ redis, run }: RedisConnection): Promise<void> {
  const now = String(Date.now())
  const read = await run('write', async () => {
    await redis.set('mcp:health', now, 'PX', CHECK_TTL_MS)
    return await redis.get('mcp:health')
  })
  if (read === null) throw new StoreError('read', new Error('what was written is gone'))
}
