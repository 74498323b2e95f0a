import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { SessionRecord, SessionStore } from '../../../src/store/session-store.ts'

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
export function testSessionStore (t: Test, open: (t: Test) => Promise<SessionStore>): void {
  t.test('gives back what was put in', async (t) => {
    const store = await open(t)
    const record = sessionRecord({ logLevel: 'warning' })
    t.equal(await store.create(record, 10), true)
    t.same(await store.get(record.id), record)
    t.equal(await store.count(), 1)
  })

  t.test('does not know what was never put in', async (t) => {
    const store = await open(t)
    t.equal(await store.get('nobody'), undefined)
    t.equal(await store.touch('nobody', Date.now() + 1000), false)
    t.equal(await store.delete('nobody'), undefined)
    t.equal(await store.count(), 0)
  })

  t.test('takes no more than the limit, and has room again after one is over or deleted', async (t) => {
    const store = await open(t)
    const first = sessionRecord()
    t.equal(await store.create(first, 1), true)
    t.equal(await store.create(sessionRecord(), 1), false)
    await store.delete(first.id)
    t.equal(await store.create(sessionRecord(over), 1), true)
    t.equal(await store.create(sessionRecord(), 1), true)
  })

  t.test('does not show a session that is over, even before it is removed', async (t) => {
    const store = await open(t)
    const record = sessionRecord(over)
    await store.create(record, 10)
    t.equal(await store.get(record.id), undefined)
    t.equal(await store.touch(record.id, Date.now() + 1000), false, 'nor does it come back')
    t.equal(await store.delete(record.id), undefined)
    t.equal(await store.count(), 0)
  })

  t.test('removes what is over, oldest first, so many at once, each once', async (t) => {
    const store = await open(t)
    const old = [3, 2, 1].map((age) => sessionRecord({ expiresAt: Date.now() - age * 1000 }))
    for (const record of [...old, sessionRecord()]) await store.create(record, 10)
    const ended = old.map(({ id, createdAt, expiresAt }) => ({ id, createdAt, expiresAt }))
    t.same(new Set(await store.removeExpired(2)), new Set(ended.slice(0, 2)))
    t.same(await store.removeExpired(2), ended.slice(2))
    t.same(await store.removeExpired(2), [])
    t.equal(await store.count(), 1)
  })

  t.test('moves the end of a session', async (t) => {
    const store = await open(t)
    const record = sessionRecord()
    await store.create(record, 10)
    t.equal(await store.touch(record.id, record.expiresAt + 5000), true)
    t.equal((await store.get(record.id))?.expiresAt, record.expiresAt + 5000)
  })

  t.test('remembers what the client wants; what is not given stays', async (t) => {
    const store = await open(t)
    const record = sessionRecord()
    await store.create(record, 10)
    await store.setWishes(record.id, { logLevel: 'debug' })
    await store.setWishes(record.id, { subscriptions: ['tickets://open', 'tickets://7'] })
    t.match(await store.get(record.id), { logLevel: 'debug', subscriptions: ['tickets://open', 'tickets://7'] })
    await store.setWishes(record.id, { subscriptions: [] })
    t.match(await store.get(record.id), { logLevel: 'debug', subscriptions: [] })
  })

  t.test('forgets a deleted session', async (t) => {
    const store = await open(t)
    const record = sessionRecord()
    await store.create(record, 10)
    t.match(await store.delete(record.id), { id: record.id, createdAt: record.createdAt })
    t.equal(await store.get(record.id), undefined)
  })

  t.test('says that it works, and that it does not once it is closed', async (t) => {
    const store = await open(t)
    await store.check()
    await store.close()
    await t.rejects(store.check(), { name: 'StoreError' })
    await t.rejects(store.get('x'), { name: 'StoreError' })
    await store.close()
  })
}
