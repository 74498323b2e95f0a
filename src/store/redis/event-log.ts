import type { EventLog, EventLogLimits, LoggedEvent, StreamKey, StreamRecord } from '../event-log.ts'
import type { RedisConnection } from './connection.ts'
import { toFields, toList, toTexts } from './reply.ts'
import { defineScript } from './script.ts'
import { CALLS, FORGET, FORGET_EXPIRED, KEEP, ORPHANS } from './stream-index-scripts.ts'
import { keyOf, memberOf, tagOf } from './stream-member.ts'
import { APPEND, END, HAND, NEWEST, NOTE, OPEN, READ } from './stream-scripts.ts'

/** How many streams a script goes through; Redis does nothing else meanwhile. */
const BATCH = 200

export function createRedisEventLog ({ redis, run }: RedisConnection, limits: EventLogLimits): EventLog {
  const { ageMs, eventsPerStream, charactersPerStream, charactersInAll } = limits
  const open = defineScript(redis, 'open', OPEN)
  const append = defineScript(redis, 'append', APPEND)
  const end = defineScript(redis, 'end', END)
  const read = defineScript(redis, 'read', READ)
  const newest = defineScript(redis, 'newest', NEWEST)
  const note = defineScript(redis, 'note', NOTE)
  const calls = defineScript(redis, 'calls', CALLS)
  const orphans = defineScript(redis, 'orphans', ORPHANS)
  const hand = defineScript(redis, 'hand', HAND)
  const keep = defineScript(redis, 'keep', KEEP)
  const forget = defineScript(redis, 'forget', FORGET)
  const forgetExpired = defineScript(redis, 'forgetExpired', FORGET_EXPIRED)

  return {
    open: (key, writer, call, start = 0) => run('open a stream', async () =>
      toRecord(key, toFields(await open(memberOf(key), ageMs, writer, start, ...(call === null ? [] : [call]))))),
    append: (key, writer, { seq, data }, isLast) => run('append an event', async () =>
      await append(memberOf(key), ageMs, writer, seq, data, Number(isLast), eventsPerStream, charactersPerStream) === 1),
    end: (key, writer) => run('end a stream', async () => { await end(memberOf(key), ageMs, writer) }),
    read: (key, afterSeq) => run('read a stream', async () => {
      const reply = await read(memberOf(key), afterSeq)
      if (reply === null) return undefined
      const [isEnded, data] = toList(reply)
      return { events: toEvents(afterSeq, data), isEnded: Number(isEnded) === 1 }
    }),
    newest: (key, limit) => run('read a stream', async () => {
      const reply = await newest(memberOf(key), limit)
      if (reply === null) return []
      const [lastSeq, data] = toList(reply)
      return toEvents(Number(lastSeq) - toList(data).length, data)
    }),
    record: (key) => run('read what is known of a stream', async () => {
      const fields = new Map(Object.entries(await redis.hgetall(`mcp:stream:${memberOf(key)}`)))
      return fields.size === 0 ? undefined : toRecord(key, fields)
    }),
    note: (key, name, value, writer = '') => run('note something on a stream', async () => await note(memberOf(key), name, value, writer) === 1),
    calls: (session) => run('list the calls of a session', async () => toList(await calls(tagOf(session))).map((reply) => {
      const [member, fields] = toList(reply)
      return toRecord(keyOf(String(member)), toFields(fields))
    })),
    orphans: (living, limit) => run('list the calls without a replica', async () => toList(await orphans(limit, ...living)).map((reply) => {
      const [member, writer] = toList(reply)
      return { ...keyOf(String(member)), writer: typeof writer === 'string' ? writer : null }
    })),
    hand: (key, from, to) => run('hand a stream over', async () => await hand(memberOf(key), ageMs, from ?? '', to ?? '') === 1),
    keep: (writer) => run('keep streams', async () => {
      const members = await redis.smembers(`mcp:streams:by:${writer}`)
      for (let start = 0; start < members.length; start += BATCH) await keep(ageMs, writer, ...members.slice(start, start + BATCH))
    }),
    forget: (session) => run('forget streams', () => untilFew(() => forget(tagOf(session), BATCH))),
    forgetExpired: () => run('forget expired streams', () => untilFew(() => forgetExpired(ageMs, charactersInAll, BATCH)))
  }
}

/** Goes on until a step does less than it could. */
async function untilFew (step: () => Promise<unknown>): Promise<void> {
  while (Number(await step()) >= BATCH) {
    // and the next ones
  }
}

function toEvents (afterSeq: number, data: unknown): LoggedEvent[] {
  return toTexts(data).map((data, index) => ({ seq: afterSeq + index + 1, data }))
}

function toRecord ({ session, stream }: StreamKey, fields: Map<string, string>): StreamRecord {
  const notes = [...fields].filter(([name]) => name.startsWith('note:')).map(([name, value]): [string, string] => [name.slice('note:'.length), value])
  return {
    session,
    stream,
    writer: fields.get('writer') ?? null,
    call: fields.get('call') ?? null,
    createdAt: Number(fields.get('createdAt')),
    lastAt: Number(fields.get('lastAt')),
    lastSeq: Number(fields.get('lastSeq')),
    isEnded: fields.has('isEnded'),
    notes: Object.fromEntries(notes)
  }
}
