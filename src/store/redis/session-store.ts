import type { EndedSession, SessionRecord, SessionStore } from '../session-store.ts'
import type { RedisConnection } from './connection.ts'
import { toFields, toList, toTexts } from './reply.ts'
import { defineScript } from './script.ts'
import { COUNT, CREATE, DELETE, GET, REMOVE_EXPIRED, TOUCH, UPDATE } from './session-scripts.ts'

/** What of a record never changes. */
type Identity = Pick<SessionRecord, 'id' | 'caller' | 'initialize' | 'protocolVersion'>

export function createRedisSessionStore ({ redis, run }: RedisConnection): SessionStore {
  const create = defineScript(redis, 'create', CREATE)
  const get = defineScript(redis, 'get', GET)
  const touch = defineScript(redis, 'touch', TOUCH)
  const update = defineScript(redis, 'update', UPDATE)
  const remove = defineScript(redis, 'delete', DELETE)
  const removeExpired = defineScript(redis, 'removeExpired', REMOVE_EXPIRED)
  const count = defineScript(redis, 'count', COUNT)

  return {
    create: (record, limit) => run('create a session', async () => {
      const { id, caller, initialize, protocolVersion, createdAt, expiresAt, ...wishes } = record
      const identity: Identity = { id, caller, initialize, protocolVersion }
      return await create(id, limit, expiresAt, 'createdAt', createdAt, 'identity', JSON.stringify(identity), ...toWishFields(wishes)) === 1
    }),
    get: (id) => run('read a session', async () => {
      const reply = await get(id)
      return reply === null ? undefined : toRecord(toFields(reply))
    }),
    touch: (id, expiresAt) => run('touch a session', async () => await touch(id, expiresAt) === 1),
    setWishes: (id, wishes) => run('update a session', async () => {
      const fields = toWishFields(wishes)
      if (fields.length > 0) await update(id, ...fields)
    }),
    delete: (id) => run('delete a session', async () => {
      const reply = await remove(id)
      return reply === null ? undefined : toEnded(reply)
    }),
    removeExpired: (limit) => run('remove expired sessions', async () => toList(await removeExpired(limit)).map(toEnded)),
    count: () => run('count sessions', async () => Number(await count()))
  }
}

/** Only those that are given, name and value in turn. */
function toWishFields ({ logLevel, subscriptions }: Partial<SessionRecord>): string[] {
  return [
    ...(logLevel === undefined || logLevel === null ? [] : ['logLevel', logLevel]),
    ...(subscriptions === undefined ? [] : ['subscriptions', JSON.stringify(subscriptions)])
  ]
}

function toEnded (reply: unknown): EndedSession {
  const [id = '', createdAt, expiresAt] = toTexts(reply)
  return { id, createdAt: Number(createdAt), expiresAt: Number(expiresAt) }
}

function toRecord (fields: Map<string, string>): SessionRecord {
  return {
    ...JSON.parse(fields.get('identity') ?? '') as Identity,
    logLevel: fields.get('logLevel') ?? null,
    subscriptions: JSON.parse(fields.get('subscriptions') ?? '') as string[],
    createdAt: Number(fields.get('createdAt')),
    expiresAt: Number(fields.get('expiresAt'))
  }
}
