import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { EventLog, EventLogLimits, LoggedEvent, StreamRecord } from '../event-log.ts'
import { attempt, attemptSoon } from './database.ts'
import { prepareEventLogStatements } from './event-log-statements.ts'
import type { WriteBatch } from './write-batch.ts'

type Row = Record<string, SQLOutputValue>

/** @param appends what is done in one transaction with others of its kind */
export function createSqliteEventLog (db: DatabaseSync, appends: WriteBatch, limits: EventLogLimits): EventLog {
  const statements = prepareEventLogStatements(db)

  function append (row: Row, { seq, data }: LoggedEvent, isLast: boolean): boolean {
    const id = Number(row['id'])
    const lastSeq = Number(row['last_seq'])
    if (seq <= lastSeq) return true
    if (row['is_ended'] === 1) return false
    const hasGap = seq > lastSeq + 1
    // Nobody could read on from what came before it.
    if (hasGap) statements.removeEvents.run(id)
    let count = hasGap ? 0 : Number(row['event_count'])
    let characters = hasGap ? 0 : Number(row['characters'])
    characters += Number(statements.insertEvent.get(id, seq, data)?.['length'])
    count++
    // The newest one stays, however long it is.
    while (count > 1 && (count > limits.eventsPerStream || characters > limits.charactersPerStream)) {
      characters -= Number(statements.removeEvent.get(id, seq - count + 1)?.['length'])
      count--
    }
    statements.appended.run(seq, count, characters, Number(isLast), Date.now(), id)
    return true
  }

  return {
    open: async ({ session, stream }, writer, call, start = 0) => attempt('open a stream', () => {
      const now = Date.now()
      const row = statements.open.get(session, stream, writer, now, now, start, call)
      if (row === undefined) throw new Error('nothing was written')
      return toRecord(row)
    }),
    append: async ({ session, stream }, writer, event, isLast) => attemptSoon('append an event', appends.add(() => {
      const row = statements.state.get(session, stream)
      return row !== undefined && row['writer'] === writer && append(row, event, isLast)
    })),
    end: async ({ session, stream }, writer) => attempt('end a stream', () => { statements.end.run(Date.now(), session, stream, writer) }),
    read: async ({ session, stream }, afterSeq) => attempt('read a stream', () => {
      const rows = statements.read.all(afterSeq, session, stream)
      const [first] = rows
      if (first === undefined) return undefined
      const events = rows.filter((row) => row['seq'] !== null).map(toEvent)
      return events.length === Number(first['last_seq']) - afterSeq ? { events, isEnded: first['is_ended'] === 1 } : undefined
    }),
    newest: async ({ session, stream }, limit) => attempt('read a stream', () => statements.newest.all(session, stream, limit).map(toEvent).reverse()),
    record: async ({ session, stream }) => attempt('read what is known of a stream', () => {
      const row = statements.record.get(session, stream)
      return row === undefined ? undefined : toRecord(row)
    }),
    note: async ({ session, stream }, name, value, writer) => attempt('note something on a stream', () => statements.note.run(name, value, session, stream, writer ?? null).changes === 1),
    calls: async (session) => attempt('list the calls of a session', () => statements.calls.all(session).map(toRecord)),
    orphans: async (living, limit) => attempt('list the calls without a replica', () => statements.orphans.all(JSON.stringify(living), limit).map(toOrphan)),
    hand: async ({ session, stream }, from, to) => attempt('hand a stream over', () => statements.hand.run(to, Date.now(), session, stream, from).changes === 1),
    keep: async (writer) => attempt('keep streams', () => { statements.keep.run(Date.now(), writer) }),
    forget: async (session) => attempt('forget streams', () => { statements.forget.run(session) }),
    forgetExpired: async () => attempt('forget expired streams', () => {
      statements.forgetOld.run(Date.now() - limits.ageMs)
      const size = Number(statements.size.get()?.['size'])
      if (size > limits.charactersInAll) statements.forgetTooMuch.run(limits.charactersInAll)
    })
  }
}

function toEvent (row: Row): LoggedEvent {
  return { seq: Number(row['seq']), data: String(row['data']) }
}

function toOrphan (row: Row): Pick<StreamRecord, 'session' | 'stream' | 'writer'> {
  return { session: String(row['session']), stream: String(row['stream']), writer: toTextOrNull(row['writer']) }
}

function toRecord (row: Row): StreamRecord {
  return {
    ...toOrphan(row),
    call: toTextOrNull(row['call']),
    createdAt: Number(row['created_at']),
    lastAt: Number(row['last_at']),
    lastSeq: Number(row['last_seq']),
    isEnded: row['is_ended'] === 1,
    notes: JSON.parse(String(row['notes'])) as Record<string, string>
  }
}

function toTextOrNull (value: SQLOutputValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}
