import type { ReplicaRegistry } from '../replica-registry.ts'
import type { RedisConnection } from './connection.ts'
import { toTexts } from './reply.ts'
import { defineScript } from './script.ts'

/** name, milliseconds */
const BEAT = `
local ttl = tonumber(ARGV[2])
redis.call('ZADD', 'mcp:replicas', now() + ttl, ARGV[1])
redis.call('ZREMRANGEBYSCORE', 'mcp:replicas', '-inf', now())
if redis.call('PTTL', 'mcp:replicas') < ttl then redis.call('PEXPIRE', 'mcp:replicas', ttl) end`

const ALIVE = `
return redis.call('ZRANGEBYSCORE', 'mcp:replicas', '(' .. now(), '+inf')`

export function createRedisReplicaRegistry ({ redis, run }: RedisConnection): ReplicaRegistry {
  const beat = defineScript(redis, 'beat', BEAT)
  const alive = defineScript(redis, 'alive', ALIVE)

  return {
    beat: (replica, ttlMs) => run('say that this replica lives', async () => { await beat(replica, ttlMs) }),
    leave: (replica) => run('say that this replica leaves', async () => { await redis.zrem('mcp:replicas', replica) }),
    alive: () => run('list the replicas', async () => toTexts(await alive()).sort())
  }
}
