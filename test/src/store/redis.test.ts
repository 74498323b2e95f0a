import t from 'tap'
import { openStore } from '../../../src/store/open.ts'
import { startRedis } from '../../fixtures/redis.ts'
import { until } from '../../helper.ts'
import { conversationRecord } from './conversation-store-contract.ts'
import { sessionRecord } from './session-store-contract.ts'
import { testStore } from './store-contract.ts'

const redis = await startRedis(t)
if (redis !== null) {
  testStore(t, async (t, limits = {}) => {
    await redis.command('FLUSHALL')
    const store = await openStore(redis.url, { limits })
    t.teardown(() => store.close())
    return store
  })

  t.test('replicas share it', async (t) => {
    await redis.command('FLUSHALL')
    const [one, other] = await Promise.all([openStore(redis.url), openStore(redis.url)])
    t.teardown(() => Promise.all([one.close(), other.close()]))

    const heard: unknown[] = []
    other.bus('words', (value) => value).subscribe((message) => { heard.push(message) })
    await until(() => {
      one.bus('words', (value) => value).publish('hello')
      return heard.length > 0
    })

    const over = Array.from({ length: 50 }, (_, age) => sessionRecord({ expiresAt: Date.now() - 1000 - age }))
    for (const record of over) await one.sessions.create(record, 100)
    const removed = await Promise.all([one, other, one, other].map((store) => store.sessions.removeExpired(30)))
    t.same(removed.flat().map(({ id }) => id).sort(), over.map(({ id }) => id).sort(), 'what expired is told once')

    const key = { session: 'session', stream: 'one' }
    await one.events.open(key, 'a', 'call')
    const taken = await Promise.all([one.events.hand(key, 'a', 'b'), other.events.hand(key, 'a', 'c')])
    t.equal(taken.filter(Boolean).length, 1)
  })

  t.test('nothing is kept for ever, even when no replica is left to clean up', async (t) => {
    await redis.command('FLUSHALL')
    const store = await openStore(redis.url)
    t.teardown(() => store.close())
    const { conversations, events, replicas, sessions } = store
    await sessions.create(sessionRecord(), 10)
    await replicas.beat('a', 60_000)
    await conversations.add(conversationRecord())
    for (const [stream, call] of [['calls', 'call'], ['notices', null], ['ended', 'call']] as const) {
      await events.open({ session: 's', stream }, 'a', call)
      for (const seq of [1, 2, 4]) await events.append({ session: 's', stream }, 'a', { seq, data: 'x' }, stream === 'ended' && seq === 4)
      await events.note({ session: 's', stream }, 'name', 'value')
      await events.hand({ session: 's', stream }, 'a', 'b')
    }
    await events.keep('b')
    const keys = await redis.command('KEYS', '*')
    if (!Array.isArray(keys)) throw new TypeError('no list of keys')
    t.ok(keys.length > 10)
    for (const key of keys.map(String)) {
      t.match(key, /^mcp:/)
      t.ok(Number(await redis.command('PTTL', key)) > 0, `${key} expires`)
    }
  })

  t.test('what is no message of ours is left out', async (t) => {
    const store = await openStore(redis.url)
    t.teardown(() => store.close())
    const heard: unknown[] = []
    const bus = store.bus('words', (value) => typeof value === 'string' ? value : undefined)
    bus.subscribe((message) => { heard.push(message) })
    bus.publish('first')
    await until(() => heard.length === 1)
    for (const text of ['{"no": "json', '', '7', '"last"']) await redis.command('PUBLISH', 'mcp:bus:words', text)
    await until(() => heard.length === 2)
    t.same(heard, ['first', 'last'])
  })
}
