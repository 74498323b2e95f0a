import path from 'node:path'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { openStore } from '../../../src/store/open.ts'
import type { EventLogLimits } from '../../../src/store/event-log.ts'
import type { Store } from '../../../src/store/store.ts'
import { startProxy } from '../../fixtures/cuttable-proxy.ts'
import { freePort } from '../../fixtures/free-port.ts'
import { startRedis, type RedisServer } from '../../fixtures/redis.ts'
import { until } from '../../helper.ts'
import { sessionRecord } from './session-store-contract.ts'

const key = { session: 'session', stream: 'one' }

async function open (t: Test, url: string, limits: Partial<EventLogLimits> = {}): Promise<Store> {
  const store = await openStore(url, { limits })
  t.teardown(() => store.close())
  return store
}

/** A Redis of the test's own and a store on it. */
async function start (t: Test, limits: Partial<EventLogLimits> = {}): Promise<{ redis: RedisServer, store: Store } | null> {
  const redis = await startRedis(t)
  return redis === null ? null : { redis, store: await open(t, redis.url, limits) }
}

const works = (store: Store): Promise<boolean> => store.check().then(() => true, () => false)

t.test('nothing is lost or doubled when Redis restarts in the middle of traffic', async (t) => {
  const started = await start(t, { eventsPerStream: Infinity })
  if (started === null) return
  const { redis, store } = started
  await store.events.open(key, 'a', 'call')
  const end = new AbortController()
  let count = 0
  async function write (): Promise<void> {
    while (!end.signal.aborted) {
      // After an error the same again, as one who doesn't know whether it was done.
      if (await store.events.append(key, 'a', { seq: count + 1, data: `event ${count + 1}` }, false).catch(() => false)) count++
    }
  }
  const writing = write()
  const someMore = async () => {
    const before = count
    await until(() => count > before + 20)
  }
  for (let round = 0; round < 3; round++) {
    await someMore()
    await redis.stop()
    await redis.start()
  }
  await someMore()
  end.abort()
  await writing
  const tail = await store.events.read(key, 0)
  t.same(tail?.events, Array.from({ length: count }, (_, index) => ({ seq: index + 1, data: `event ${index + 1}` })))
})

t.test('what was done, but not heard of, is not done twice', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const proxy = await startProxy(t, redis.url)
  const store = await open(t, proxy.address.replace('http', 'redis'))
  const direct = await open(t, redis.url)
  const record = sessionRecord()
  await store.events.open(key, 'a', 'call')
  await store.events.open({ ...key, stream: 'two' }, 'a', 'call')
  proxy.mute()
  const results = Promise.all([
    store.sessions.create(record, 1),
    store.events.append(key, 'a', { seq: 1, data: 'x' }, false),
    store.events.append(key, 'a', { seq: 2, data: 'y' }, true),
    store.events.hand({ ...key, stream: 'two' }, 'a', 'b'),
    store.events.note({ ...key, stream: 'two' }, 'name', 'value')
  ])
  await until(async () => (await direct.events.record({ ...key, stream: 'two' }))?.notes['name'] === 'value')
  proxy.cut()
  t.same(await results, [true, true, true, true, true])
  t.same(await store.events.read(key, 0), { events: [{ seq: 1, data: 'x' }, { seq: 2, data: 'y' }], isEnded: true })
  t.equal(await store.sessions.count(), 1)
})

t.test('says so when Redis hangs, and goes on when it does', async (t) => {
  const started = await start(t)
  if (started === null) return
  const { redis, store } = started
  const heard: unknown[] = []
  const bus = store.bus('words', (value) => value)
  bus.subscribe((message) => { heard.push(message) })
  await store.events.open(key, 'a', null)
  redis.pause()
  bus.publish('nobody may hear this')
  await t.rejects(store.check(), { code: 'STORE_UNAVAILABLE', message: /Redis does not answer/ })
  await t.rejects(store.events.append(key, 'a', { seq: 1, data: 'x' }, false), { code: 'STORE_UNAVAILABLE' })
  await until(() => store.check().then(() => false, (error: unknown) => /can't be reached/.test(String(error))))
  redis.resume()
  await until(() => works(store))
  t.equal(await store.events.append(key, 'a', { seq: 1, data: 'x' }, false), true)
  t.same((await store.events.read(key, 0))?.events, [{ seq: 1, data: 'x' }])
  await until(() => {
    bus.publish('again')
    return heard.includes('again')
  })
})

t.test('what was called failed while Redis was away is not done later', async (t) => {
  const started = await start(t)
  if (started === null) return
  const { redis, store } = started
  await redis.stop()
  await t.rejects(store.events.open(key, 'a', 'call'), { code: 'STORE_UNAVAILABLE' })
  const late = store.events.open({ ...key, stream: 'two' }, 'a', 'call')
  await t.rejects(late, { code: 'STORE_UNAVAILABLE' })
  await redis.start()
  await until(() => works(store))
  t.same(await store.events.calls(key.session), [])
})

t.test('the bus comes back when Redis does', async (t) => {
  const started = await start(t)
  if (started === null) return
  const { redis, store } = started
  const heard: unknown[] = []
  const bus = store.bus('words', (value) => value)
  bus.subscribe((message) => { heard.push(message) })
  await redis.stop()
  store.bus('late', (value) => value).subscribe((message) => { heard.push(message) })
  await t.rejects(store.check(), { message: /Redis can't be reached \(connect ECONNREFUSED/ })
  await redis.start()
  for (const name of ['words', 'late']) {
    await until(() => {
      store.bus(name, (value) => value).publish(name)
      return heard.includes(name)
    })
  }
})

t.test('does not start without Redis, with the reason', async (t) => {
  const port = await freePort()
  await t.rejects(openStore(`redis://:a-secret@127.0.0.1:${port}`), { code: 'STORE_UNAVAILABLE', message: /^The store failed to .*: Redis can't be reached \(connect ECONNREFUSED/ })
})

t.test('does not start with a wrong password, and tells nobody which', async (t) => {
  const redis = await startRedis(t, { password: 'the-right-one' })
  if (redis === null) return
  await open(t, redis.url)
  for (const [url, words] of [[redis.url.replace('right', 'wrong'), /WRONGPASS/], [redis.url.replace(':the-right-one@', ''), /NOAUTH/]] as const) {
    const error: unknown = await openStore(url).catch((error: unknown) => error)
    t.match(error, { code: 'STORE_UNAVAILABLE', message: words })
    t.notMatch(inspect(error, { depth: Infinity, showHidden: true }), /the-(wrong|right)-one/)
  }
})

t.test('errors have no content', async (t) => {
  const started = await start(t)
  if (started === null) return
  const { redis, store } = started
  const seen: unknown[] = []
  const attempt = async () => {
    for (const work of [
      () => store.sessions.create(sessionRecord({ caller: 'a-secret' }), 10),
      () => store.events.open({ session: 'a-secret', stream: 'one' }, 'a', 'a-secret'),
      () => store.check()
    ]) seen.push(await work().catch((error: unknown) => error))
  }
  await redis.command('ACL', 'SETUSER', 'default', '-eval', '-evalsha', '-set')
  await attempt()
  await redis.stop()
  await attempt()
  t.equal(seen.length, 6)
  for (const error of seen) {
    t.match(error, { code: 'STORE_UNAVAILABLE' })
    t.notMatch(inspect(error, { depth: Infinity, showHidden: true }), /a-secret/)
  }
})

t.test('follows to the new primary after a failover', async (t) => {
  const folder = t.testdir({ old: {}, new: {} })
  const old = await startRedis(t, { folder: path.join(folder, 'old') })
  const next = await startRedis(t, { folder: path.join(folder, 'new') })
  if (old === null || next === null) return
  let primary = old
  const proxy = await startProxy(t, () => primary.url)
  const store = await open(t, proxy.address.replace('http', 'redis'))
  const { hostname, port } = new URL(next.url)
  await old.command('REPLICAOF', hostname, port)
  primary = next
  // The connection to the old one stays: only its answer tells.
  await t.rejects(store.sessions.create(sessionRecord(), 10), { code: 'STORE_UNAVAILABLE', message: /READONLY/ })
  await until(() => works(store))
  t.equal(await store.sessions.create(sessionRecord(), 10), true)
  t.equal(await next.command('EXISTS', 'mcp:sessions'), 1)
  // A primary that stops would wait for its replica.
  await old.command('REPLICAOF', 'NO', 'ONE')
})

t.test('says so when the memory is full, still reads, and goes on when there is room', async (t) => {
  const started = await start(t)
  if (started === null) return
  const { redis, store } = started
  const record = sessionRecord()
  await store.sessions.create(record, 10)
  await store.events.open(key, 'a', null)
  await redis.command('CONFIG', 'SET', 'maxmemory', '1')
  await t.rejects(store.check(), { code: 'STORE_UNAVAILABLE', message: /OOM/ })
  await t.rejects(store.events.append(key, 'a', { seq: 1, data: 'x' }, false), { code: 'STORE_UNAVAILABLE', message: /OOM/ })
  t.match(await store.sessions.get(record.id), { id: record.id })
  t.same(await store.events.read(key, 0), { events: [], isEnded: false }, 'nothing was half done')
  await redis.command('CONFIG', 'SET', 'maxmemory', '0')
  await store.check()
  t.equal(await store.events.append(key, 'a', { seq: 1, data: 'x' }, false), true)
})

for (const [state, leave] of [['is gone', (redis: RedisServer) => redis.stop()], ['hangs', async (redis: RedisServer) => { redis.pause() }]] as const) {
  t.test(`can be closed while Redis ${state}`, async (t) => {
    const started = await start(t)
    if (started === null) return
    const { redis, store } = started
    await leave(redis)
    const waiting = store.sessions.get('x').catch((error: unknown) => error)
    await store.close()
    t.match(await waiting, { code: 'STORE_UNAVAILABLE' })
    await t.rejects(store.check(), { code: 'STORE_UNAVAILABLE', message: /closed/ })
  })
}
