import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { SessionRecord } from '../../../src/store/session-store.ts'
import type { OpenStore } from './store-contract.ts'

export function sessionRecord (changes: Partial<SessionRecord> = {}): SessionRecord {
  const now = Date.now()
  return {
    id: randomUUID(),
    caller: 'anonymous',
    initialize: { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 'Zoë 🐘', version: '1' } },
    protocolVersion: '2025-11-25',
    logLevel: null,
    subscriptions: [],
    createdAt: now,
    expiresAt: now + 60_000,
    ...changes
  }
}

const over = { expiresAt: Date.now() - 1 }

/** What every session store must do. */
export function testSessionStore (t: Test, open: OpenStore): void {
  t.test('gives back what was put in', async (t) => {
    const { sessions } = await open(t)
    const record = sessionRecord({ logLevel: 'warning' })
    t.equal(await sessions.create(record, 10), true)
    t.same(await sessions.get(record.id), record)
    t.equal(await sessions.count(), 1)
  })

  t.test('does not know what was never put in', async (t) => {
    const { sessions } = await open(t)
    t.equal(await sessions.get('nobody'), undefined)
    t.equal(await sessions.touch('nobody', Date.now() + 1000), false)
    t.equal(await sessions.delete('nobody'), undefined)
    t.equal(await sessions.count(), 0)
  })

  t.test('takes no more than the limit, and has room again after one is over or deleted', async (t) => {
    const { sessions } = await open(t)
    const first = sessionRecord()
    t.equal(await sessions.create(first, 1), true)
    t.equal(await sessions.create(sessionRecord(), 1), false)
    await sessions.delete(first.id)
    t.equal(await sessions.create(sessionRecord(over), 1), true)
    t.equal(await sessions.create(sessionRecord(), 1), true)
  })

  t.test('adds a session once, however often it is told to', async (t) => {
    const { sessions } = await open(t)
    const record = sessionRecord()
    t.equal(await sessions.create(record, 1), true)
    t.equal(await sessions.touch(record.id, record.expiresAt + 5000), true)
    t.equal(await sessions.create(record, 1), true, 'it is there, although there is no room')
    t.equal((await sessions.get(record.id))?.expiresAt, record.expiresAt + 5000)
    t.equal(await sessions.count(), 1)
  })

  t.test('never takes more than the limit, even all at once', async (t) => {
    const { sessions } = await open(t)
    const added = await Promise.all(Array.from({ length: 20 }, () => sessions.create(sessionRecord(), 7)))
    t.equal(added.filter(Boolean).length, 7)
    t.equal(await sessions.count(), 7)
  })

  t.test('does not show a session that is over, even before it is removed', async (t) => {
    const { sessions } = await open(t)
    const record = sessionRecord(over)
    await sessions.create(record, 10)
    t.equal(await sessions.get(record.id), undefined)
    t.equal(await sessions.touch(record.id, Date.now() + 1000), false, 'nor does it come back')
    t.equal(await sessions.delete(record.id), undefined)
    t.equal(await sessions.count(), 0)
    t.match(await sessions.removeExpired(1), [{ id: record.id }], 'to be counted as one that expired')
  })

  t.test('removes what is over, oldest first, so many at once, each once', async (t) => {
    const { sessions } = await open(t)
    const old = [3, 2, 1].map((age) => sessionRecord({ expiresAt: Date.now() - age * 1000 }))
    for (const record of [...old, sessionRecord()]) await sessions.create(record, 10)
    const ended = old.map(({ id, createdAt, expiresAt }) => ({ id, createdAt, expiresAt }))
    t.same(new Set(await sessions.removeExpired(2)), new Set(ended.slice(0, 2)))
    t.same(await sessions.removeExpired(2), ended.slice(2))
    t.same(await sessions.removeExpired(2), [])
    t.equal(await sessions.count(), 1)
  })

  t.test('moves the end of a session', async (t) => {
    const { sessions } = await open(t)
    const record = sessionRecord()
    await sessions.create(record, 10)
    t.equal(await sessions.touch(record.id, record.expiresAt + 5000), true)
    t.equal((await sessions.get(record.id))?.expiresAt, record.expiresAt + 5000)
  })

  t.test('remembers what the client wants; what is not given stays', async (t) => {
    const { sessions } = await open(t)
    const record = sessionRecord()
    await sessions.create(record, 10)
    await sessions.setWishes(record.id, { logLevel: 'debug' })
    await sessions.setWishes(record.id, { subscriptions: ['tickets://open', 'tickets://7'] })
    t.match(await sessions.get(record.id), { logLevel: 'debug', subscriptions: ['tickets://open', 'tickets://7'] })
    await sessions.setWishes(record.id, { subscriptions: [] })
    t.match(await sessions.get(record.id), { logLevel: 'debug', subscriptions: [] })
  })

  t.test('forgets a deleted session', async (t) => {
    const { sessions } = await open(t)
    const record = sessionRecord()
    await sessions.create(record, 10)
    t.match(await sessions.delete(record.id), { id: record.id, createdAt: record.createdAt })
    t.equal(await sessions.get(record.id), undefined)
  })
}
