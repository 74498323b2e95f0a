import { randomUUID } from 'node:crypto'
import type { Test } from 'tap'
import type { ConversationRecord } from '../../../src/store/conversation-store.ts'
import type { Store } from '../../../src/store/store.ts'
import type { OpenStore } from './store-contract.ts'

export function conversationRecord (changes: Partial<ConversationRecord> = {}): ConversationRecord {
  const now = Date.now()
  return {
    id: randomUUID(),
    caller: 'ada',
    agent: { id: 'researcher', name: 'Zoë\'s "Researcher" 🐘' },
    title: null,
    url: 'https://dust.tt/w/demo/conversation/1',
    createdAt: now,
    usedAt: now,
    ...changes
  }
}

const DAY_MS = 86_400_000

async function idsOf (store: Store, ...args: Parameters<Store['conversations']['list']>): Promise<string[]> {
  return (await store.conversations.list(...args)).map(({ id }) => id)
}

/** What every store of conversations must do. */
export function testConversationStore (t: Test, open: OpenStore): void {
  t.test('gives back what was put in', async (t) => {
    const { conversations } = await open(t)
    const usedAt = Date.now()
    const records = [conversationRecord({ title: 'Über: {id} 🚀', usedAt }), conversationRecord({ usedAt: usedAt - 1 })]
    for (const record of records) await conversations.add(record)
    t.same(await conversations.list('ada', 10), records)
    t.equal(await conversations.callerOf(records[0]?.id ?? ''), 'ada')
  })

  t.test('does not know what was never put in', async (t) => {
    const { conversations } = await open(t)
    await conversations.use('nothing', Date.now())
    await conversations.entitle('nothing', 'Title')
    t.equal(await conversations.callerOf('nothing'), undefined)
    t.same(await conversations.list('ada', 10), [])
  })

  t.test('keeps callers apart', async (t) => {
    const store = await open(t)
    await store.conversations.add(conversationRecord({ id: 'one' }))
    await store.conversations.add(conversationRecord({ id: 'two', caller: 'a{d}a: %' }))
    t.same(await idsOf(store, 'ada', 10), ['one'])
    t.same(await idsOf(store, 'a{d}a: %', 10), ['two'])
    t.same(await idsOf(store, 'nobody', 10), [])
    t.equal(await store.conversations.callerOf('two'), 'a{d}a: %')
  })

  t.test('stays with who came first', async (t) => {
    const { conversations } = await open(t)
    const record = conversationRecord()
    await conversations.add(record)
    await conversations.add({ ...record, caller: 'eve', title: 'Mine' })
    t.equal(await conversations.callerOf(record.id), 'ada')
    t.same(await conversations.list('ada', 10), [record])
    t.same(await conversations.list('eve', 10), [])
  })

  t.test('lists what was used last first', async (t) => {
    const store = await open(t)
    const start = Date.now() - 1000
    for (const id of ['a', 'b', 'c']) await store.conversations.add(conversationRecord({ id, usedAt: start }))
    await store.conversations.use('a', start + 20)
    await store.conversations.use('c', start + 10)
    await store.conversations.use('a', start + 5)
    t.same(await idsOf(store, 'ada', 10), ['a', 'c', 'b'])
    t.match(await store.conversations.list('ada', 1), [{ usedAt: start + 20 }])
  })

  t.test('notes the title', async (t) => {
    const { conversations } = await open(t)
    const record = conversationRecord()
    await conversations.add(record)
    await conversations.entitle(record.id, 'Bread')
    t.same(await conversations.list('ada', 10), [{ ...record, title: 'Bread' }])
  })

  t.test('lists page by page, each once, also those of the same moment', async (t) => {
    const store = await open(t)
    const start = Date.now() - 1000
    const records = Array.from({ length: 23 }, (_, index) => conversationRecord({ usedAt: start + Math.floor(index / 5) }))
    for (const record of records) await store.conversations.add(record)
    const seen: ConversationRecord[] = []
    for (let page = await store.conversations.list('ada', 4); page.length > 0; page = await store.conversations.list('ada', 4, seen.at(-1))) seen.push(...page)
    t.equal(seen.length, 23)
    t.same(new Set(seen), new Set(records))
    t.same(seen.map(({ usedAt }) => usedAt), seen.map(({ usedAt }) => usedAt).toSorted((a, b) => b - a))
  })

  t.test('goes on with a list after a conversation that is no longer where it was', async (t) => {
    const store = await open(t)
    const start = Date.now() - 1000
    for (const [age, id] of ['a', 'b', 'c', 'd'].entries()) await store.conversations.add(conversationRecord({ id, usedAt: start - age }))
    const [, last] = await store.conversations.list('ada', 2)
    await store.conversations.use('b', Date.now())
    t.same(await idsOf(store, 'ada', 10, last), ['c', 'd'])
  })

  t.test('keeps so many of a caller, those that were used last', async (t) => {
    const store = await open(t, { conversationsPerCaller: 3 })
    const start = Date.now() - 1000
    for (const [index, id] of ['a', 'b', 'c'].entries()) await store.conversations.add(conversationRecord({ id, usedAt: start + index }))
    await store.conversations.add(conversationRecord({ id: 'other', caller: 'eve', usedAt: start - 1 }))
    await store.conversations.use('a', start + 10)
    await store.conversations.add(conversationRecord({ id: 'd', usedAt: start + 11 }))
    t.same(await idsOf(store, 'ada', 10), ['d', 'a', 'c'])
    t.equal(await store.conversations.callerOf('b'), undefined)
    t.same(await idsOf(store, 'eve', 10), ['other'])
  })

  t.test('forgets what was not used for too long', async (t) => {
    const store = await open(t, { conversationAgeMs: DAY_MS })
    await store.conversations.add(conversationRecord({ id: 'old', usedAt: Date.now() - DAY_MS - 1 }))
    await store.conversations.add(conversationRecord({ id: 'young', usedAt: Date.now() - DAY_MS + 60_000 }))
    await store.conversations.use('old', Date.now())
    t.same(await idsOf(store, 'ada', 10), ['young'])
    t.equal(await store.conversations.callerOf('old'), undefined)
  })
}
