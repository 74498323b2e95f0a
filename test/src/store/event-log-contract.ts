import type { Test } from 'tap'
import type { EventLog, LoggedEvent, StreamKey } from '../../../src/store/event-log.ts'
import type { OpenStore } from './store-contract.ts'

export const key: StreamKey = { session: 'session', stream: 'one' }
const writer = 'replica-a'

/** Appends events of these data, counted on from the stream's last one. */
export async function appendAll (log: EventLog, at: StreamKey, by: string, ...data: string[]): Promise<LoggedEvent[]> {
  let seq = (await log.record(at))?.lastSeq ?? 0
  const events = data.map((data) => ({ seq: ++seq, data }))
  for (const event of events) if (!await log.append(at, by, event, false)) throw new Error(`event ${event.seq} was refused`)
  return events
}

/** What every event log must do. */
export function testEventLog (t: Test, open: OpenStore): void {
  t.test('opens a stream and says what is known of it', async (t) => {
    const { events } = await open(t)
    t.equal(await events.record(key), undefined)
    const before = Date.now()
    const record = await events.open(key, writer, 'the call', 41)
    t.match(record, { ...key, writer, call: 'the call', lastSeq: 41, isEnded: false })
    t.same(record.notes, {})
    for (const at of [record.createdAt, record.lastAt]) t.ok(Math.abs(at - before) < 60_000)
    t.match(await events.open({ ...key, stream: 'two' }, writer, null), { session: 'session', stream: 'two', call: null, lastSeq: 0 })
    t.same(await events.record(key), record)
  })

  t.test('gives what followed an event on its stream, in order', async (t) => {
    const { events } = await open(t)
    await events.open(key, writer, null)
    const [, ...rest] = await appendAll(events, key, writer, 'a', '', '{"c":"ü 🐘 \\u0000"}', 'd'.repeat(100_000))
    t.same(await events.read(key, 1), { events: rest, isEnded: false })
    t.same(await events.read(key, 4), { events: [], isEnded: false })
    t.same((await events.read(key, 0))?.events.length, 4, 'from the start')
    t.equal((await events.record(key))?.lastSeq, 4)
  })

  t.test('keeps many events in order', async (t) => {
    const { events } = await open(t)
    await events.open(key, writer, null)
    const all = Array.from({ length: 300 }, (_, index) => ({ seq: index + 1, data: String(index) }))
    t.same(new Set(await Promise.all(all.map((event) => events.append(key, writer, event, false)))), new Set([true]))
    t.same((await events.read(key, 0))?.events, all)
    t.same((await events.read(key, 298))?.events, all.slice(298))
  })

  t.test('does not know what it never had', async (t) => {
    const { events } = await open(t)
    t.equal(await events.read(key, 0), undefined)
    await events.open(key, writer, null, 10)
    await appendAll(events, key, writer, 'a')
    t.same(await events.read(key, 10), { events: [{ seq: 11, data: 'a' }], isEnded: false })
    for (const seq of [9, 12, 0, -1]) t.equal(await events.read(key, seq), undefined, String(seq))
    t.equal(await events.read({ ...key, stream: 'two' }, 0), undefined)
    t.equal(await events.read({ ...key, session: 'other' }, 10), undefined)
  })

  t.test('gives the newest events', async (t) => {
    const { events } = await open(t)
    t.same(await events.newest(key, 2), [])
    await events.open(key, writer, null)
    const all = await appendAll(events, key, writer, 'a', 'b', 'c')
    t.same(await events.newest(key, 2), all.slice(1))
    t.same(await events.newest(key, 9), all)
  })

  t.test('adds an event once, however often it is told to', async (t) => {
    const { events } = await open(t)
    await events.open(key, writer, null)
    const [a, b] = await appendAll(events, key, writer, 'a', 'b')
    t.equal(await events.append(key, writer, { seq: 2, data: 'b' }, false), true)
    t.equal(await events.append(key, writer, { seq: 1, data: 'a' }, false), true)
    t.same(await events.read(key, 0), { events: [a, b], isEnded: false })
    t.equal(await events.append(key, writer, { seq: 3, data: 'c' }, true), true)
    t.equal(await events.append(key, writer, { seq: 3, data: 'c' }, true), true)
    t.same(await events.read(key, 2), { events: [{ seq: 3, data: 'c' }], isEnded: true })
  })

  t.test('never hides a gap', async (t) => {
    const { events } = await open(t)
    await events.open(key, writer, null)
    await appendAll(events, key, writer, 'a', 'b')
    t.equal(await events.append(key, writer, { seq: 5, data: 'e' }, false), true)
    t.same([await events.read(key, 2), await events.read(key, 3)], [undefined, undefined])
    t.same((await events.read(key, 4))?.events, [{ seq: 5, data: 'e' }])
    t.same((await events.read(key, 5))?.events, [])
  })

  t.test('lets nobody but the writer append or end', async (t) => {
    const { events } = await open(t)
    t.equal(await events.append(key, writer, { seq: 1, data: 'a' }, false), false, 'nor on a stream that was never opened')
    await events.open(key, writer, null)
    t.equal(await events.append(key, 'replica-b', { seq: 1, data: 'a' }, false), false)
    await events.end(key, 'replica-b')
    t.same(await events.read(key, 0), { events: [], isEnded: false })
    await appendAll(events, key, writer, 'a')
    await events.open(key, 'replica-b', 'another call', 99)
    t.match(await events.record(key), { writer: 'replica-b', call: null, lastSeq: 1 }, 'it only changed hands')
    t.equal(await events.append(key, writer, { seq: 2, data: 'b' }, false), false)
    t.equal(await events.append(key, 'replica-b', { seq: 2, data: 'B' }, false), true)
    t.same((await events.read(key, 0))?.events, [{ seq: 1, data: 'a' }, { seq: 2, data: 'B' }])
  })

  t.test('takes nothing on a stream that has ended', async (t) => {
    const { events } = await open(t)
    await events.open(key, writer, 'call')
    await appendAll(events, key, writer, 'a')
    await events.end(key, writer)
    await events.end(key, writer)
    t.same(await events.read(key, 0), { events: [{ seq: 1, data: 'a' }], isEnded: true })
    t.equal(await events.append(key, writer, { seq: 2, data: 'b' }, false), false)
    t.equal(await events.note(key, 'name', 'value'), false)
    t.equal(await events.hand(key, writer, 'replica-b'), false)
    t.match(await events.open(key, 'replica-b', null), { isEnded: true, call: 'call', lastSeq: 1 }, 'and does not begin anew')
  })

  t.test('notes things by name', async (t) => {
    const { events } = await open(t)
    t.equal(await events.note(key, 'name', 'value'), false)
    await events.open(key, writer, null)
    t.equal(await events.note(key, 'name', 'value', 'somebody else'), false, 'only while that one writes')
    for (const [name, value] of [['one', '1'], ['two', '"ü"'], ['one', ''], ['__proto__', 'x'], ['a:b', 'c']] as const) t.equal(await events.note(key, name, value), true)
    const notes = (await events.record(key))?.notes ?? {}
    t.same(Object.entries(notes).sort(), [['__proto__', 'x'], ['a:b', 'c'], ['one', ''], ['two', '"ü"']])
    await events.end(key, writer)
    t.match(await events.record(key), { notes: { two: '"ü"' }, isEnded: true }, 'they stay')
  })

  t.test('hands a stream over, but only from who has it', async (t) => {
    const { events } = await open(t)
    t.equal(await events.hand(key, null, 'b'), false, 'nothing is there')
    await events.open(key, 'a', 'call')
    t.equal(await events.hand(key, 'b', 'c'), false)
    t.equal(await events.hand(key, null, 'c'), false)
    t.equal(await events.hand(key, 'a', 'b'), true)
    t.equal(await events.hand(key, 'a', 'b'), true, 'once more, by who did not hear that it was done')
    t.equal(await events.hand(key, 'a', 'c'), false)
    t.equal((await events.record(key))?.writer, 'b')
    t.equal(await events.hand(key, 'b', null), true)
    t.equal((await events.record(key))?.writer, null)
    const taken = await Promise.all(['c', 'd', 'e'].map((to) => events.hand(key, null, to)))
    t.equal(taken.filter(Boolean).length, 1, 'one of many gets it')
  })

  t.test('knows the calls that are not answered', async (t) => {
    const { events } = await open(t)
    await events.open({ session: 's', stream: 'notices' }, 'a', null)
    for (const stream of ['1', '2', '3']) await events.open({ session: 's', stream }, 'a', `call ${stream}`)
    await events.open({ session: 'other', stream: '1' }, 'b', 'call')
    await events.append({ session: 's', stream: '1' }, 'a', { seq: 1, data: 'the answer' }, true)
    await events.note({ session: 's', stream: '2' }, 'name', 'value')
    const calls = (await events.calls('s')).sort((one, other) => one.stream < other.stream ? -1 : 1)
    t.match(calls, [{ session: 's', stream: '2', call: 'call 2', writer: 'a', notes: { name: 'value' } }, { stream: '3', call: 'call 3' }])
    t.equal(calls.length, 2)
    t.same(await events.calls('nobody'), [])
  })

  t.test('knows the calls that nobody works on', async (t) => {
    const { events } = await open(t)
    const streams: Array<[stream: string, writer: string, call: string | null]> = [['1', 'a', 'call'], ['2', 'b', 'call'], ['3', 'c', 'call'], ['4', 'b', 'call'], ['5', 'b', null]]
    for (const [stream, writer, call] of streams) await events.open({ session: `of ${stream}`, stream }, writer, call)
    await events.hand({ session: 'of 3', stream: '3' }, 'c', null)
    await events.end({ session: 'of 4', stream: '4' }, 'b')
    const orphans = async (living: string[], limit = 10) => (await events.orphans(living, limit)).sort((one, other) => one.stream < other.stream ? -1 : 1)
    t.same(await orphans(['a', 'b', 'c']), [{ session: 'of 3', stream: '3', writer: null }])
    t.same(await orphans(['a']), [{ session: 'of 2', stream: '2', writer: 'b' }, { session: 'of 3', stream: '3', writer: null }])
    t.equal((await orphans([])).length, 3)
    t.equal((await orphans([], 2)).length, 2)
    await events.hand({ session: 'of 3', stream: '3' }, null, 'a')
    t.same(await orphans(['a', 'b']), [])
  })

  t.test('forgets the streams of a session, and no others', async (t) => {
    const { events } = await open(t)
    const other = { session: 'other', stream: key.stream }
    for (const stream of [key, { ...key, stream: 'two' }, other]) {
      await events.open(stream, writer, 'call')
      await appendAll(events, stream, writer, 'a')
    }
    await events.forget(key.session)
    await events.forget(key.session)
    t.equal(await events.record(key), undefined)
    t.equal(await events.read(key, 0), undefined)
    t.equal(await events.append(key, writer, { seq: 2, data: 'b' }, false), false)
    t.same(await events.orphans([], 10), [{ ...other, writer }])
    t.same((await events.read(other, 0))?.events.length, 1)
    t.match(await events.open(key, writer, null), { lastSeq: 0, call: null }, 'it would begin anew')
    t.same(await events.read(key, 0), { events: [], isEnded: false })
  })
}
