import type { Test } from 'tap'
import { until } from '../../helper.ts'
import { appendAll, key } from './event-log-contract.ts'
import type { OpenStore } from './store-contract.ts'

const writer = 'replica-a'

/** Long enough for a busy machine to do something within. */
const AGE_MS = 1500

/** How every event log stays within its limits. */
export function testEventLogLimits (t: Test, open: OpenStore): void {
  t.test('keeps the newest events of a stream, by number', async (t) => {
    const { events } = await open(t, { eventsPerStream: 3 })
    await events.open(key, writer, null)
    const all = await appendAll(events, key, writer, 'a', 'b', 'c', 'd', 'e')
    t.equal(await events.read(key, 1), undefined, 'a gap is never hidden')
    t.same(await events.read(key, 2), { events: all.slice(2), isEnded: false })
    t.same(await events.newest(key, 9), all.slice(2))
    t.equal(await events.append(key, writer, { seq: 1, data: 'a' }, false), true, 'it was there, and is not added again')
    t.same((await events.read(key, 2))?.events, all.slice(2))
  })

  t.test('keeps the newest events of a stream, by length, and the last one always', async (t) => {
    const { events } = await open(t, { charactersPerStream: 100 })
    await events.open(key, writer, 'a call that does not count'.repeat(10))
    await appendAll(events, key, writer, 'x'.repeat(40), 'x'.repeat(40), 'x'.repeat(20))
    t.equal((await events.read(key, 0))?.events.length, 3)
    await appendAll(events, key, writer, 'x'.repeat(21))
    t.equal(await events.read(key, 0), undefined)
    t.equal((await events.read(key, 1))?.events.length, 3)
    await appendAll(events, key, writer, 'x'.repeat(1000))
    t.equal((await events.read(key, 4))?.events.length, 1)
    t.equal(await events.read(key, 3), undefined)
    await appendAll(events, key, writer, 'x')
    t.same((await events.read(key, 5))?.events, [{ seq: 6, data: 'x' }])
  })

  t.test('keeps what is fresh', async (t) => {
    const { events } = await open(t)
    await events.open(key, writer, null)
    await events.forgetExpired()
    t.not(await events.record(key), undefined)
  })

  t.test('forgets a stream on which nothing happened for long', async (t) => {
    const { events } = await open(t, { ageMs: AGE_MS })
    const silent = { session: 'silent', stream: 'one' }
    const ended = { session: 'ended', stream: 'one' }
    const orphan = { session: 'orphan', stream: 'one' }
    const lively = { session: 'lively', stream: 'one' }
    await events.open(ended, writer, 'call')
    await events.end(ended, writer)
    await events.open(orphan, writer, 'call')
    // The youngest of those that go.
    await events.open(silent, writer, null)
    await events.open(lively, writer, null)
    await until(async () => {
      await appendAll(events, lively, writer, 'a')
      await events.forgetExpired()
      return await events.record(silent) === undefined
    })
    t.same([await events.record(ended), await events.record(orphan)], [undefined, undefined])
    t.same(await events.orphans([], 10), [])
    t.not(await events.record(lively), undefined)
  })

  t.test('keeps what a replica writes on for as long as it says so', async (t) => {
    const { events } = await open(t, { ageMs: AGE_MS })
    const others = { session: 'other', stream: 'others' }
    const ended = { session: 'other', stream: 'ended' }
    await events.open(key, writer, 'call')
    await events.open(ended, writer, 'call')
    await events.end(ended, writer)
    await events.open(others, 'replica-b', 'call')
    await until(async () => {
      await events.keep(writer)
      await events.forgetExpired()
      return await events.record(others) === undefined
    })
    t.equal(await events.record(ended), undefined, 'one that has ended needs no writer')
    t.not(await events.record(key), undefined)
    t.equal(await events.append(key, writer, { seq: 1, data: 'a' }, true), true)
  })

  t.test('forgets the oldest of all, those that have ended first', async (t) => {
    const { events } = await open(t, { charactersInAll: 1000 })
    const at = (stream: string) => ({ session: `of ${stream}`, stream })
    for (const [stream, call, isEnded] of [
      ['call', 'call', false], ['notices', null, false], ['first', 'call', true], ['second', 'call', true], ['third', null, true], ['silent', null, false]
    ] as const) {
      await events.open(at(stream), writer, call)
      if (stream !== 'silent') await appendAll(events, at(stream), writer, 'x'.repeat(220))
      if (isEnded) await events.end(at(stream), writer)
      // The next one is younger.
      const now = Date.now()
      await until(() => Date.now() > now + 1)
    }
    const left = async () => {
      await events.forgetExpired()
      const names = ['call', 'notices', 'first', 'second', 'third', 'silent']
      const records = await Promise.all(names.map((name) => events.record(at(name))))
      return names.filter((_, index) => records[index] !== undefined)
    }
    t.same(await left(), ['call', 'notices', 'second', 'third', 'silent'], 'as few as possible')
    await appendAll(events, at('call'), writer, 'x'.repeat(400))
    t.same(await left(), ['call', 'notices', 'silent'])
    await appendAll(events, at('call'), writer, 'x'.repeat(200))
    t.same(await left(), ['call', 'silent'], 'then others, but none without an event')
    await appendAll(events, at('call'), writer, 'x'.repeat(1000))
    t.same(await left(), ['call', 'silent'], 'a call that is not answered stays, however long')
    t.equal((await events.read(at('call'), 0))?.events.length, 4)
    await events.end(at('call'), writer)
    t.same(await left(), ['silent'])
    await events.open(at('full'), writer, null)
    await appendAll(events, at('full'), writer, 'x'.repeat(999))
    t.same([await left(), (await events.read(at('full'), 0))?.events.length], [['silent'], 1], 'what is gone does not count any more')
  })

  t.test('forgets many at once', async (t) => {
    const { events } = await open(t, { charactersInAll: 100 })
    const streams = Array.from({ length: 450 }, (_, number) => ({ session: 'many', stream: String(number) }))
    await Promise.all(streams.map((stream) => events.open(stream, writer, null)))
    await Promise.all(streams.map((stream) => events.append(stream, writer, { seq: 1, data: 'x'.repeat(10) }, true)))
    const left = async () => (await Promise.all(streams.map((stream) => events.record(stream)))).filter((record) => record !== undefined).length
    await events.forgetExpired()
    t.equal(await left(), 10)
    await Promise.all(streams.map((stream) => events.open(stream, writer, null)))
    await events.forget('many')
    t.equal(await left(), 0)
  })

  t.test('counts the calls themselves, too', async (t) => {
    const { events } = await open(t, { charactersInAll: 1000 })
    await events.open(key, writer, 'x'.repeat(1001))
    await events.end(key, writer)
    await events.forgetExpired()
    t.equal(await events.record(key), undefined)
  })
}
