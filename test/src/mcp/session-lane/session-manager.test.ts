import t, { type Test } from 'tap'
import { SessionManager, type SessionEvent, type SessionManagerOptions } from '../../../../src/mcp/session-lane/session-manager.ts'
import { createLocalBus } from '../../../../src/store/bus.ts'
import type { SessionStore } from '../../../../src/store/session-store.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts'
import { StoreError } from '../../../../src/store/store.ts'
import { until } from '../../../helper.ts'

const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }

function start (t: Test, options: Partial<SessionManagerOptions> = {}, changes: Partial<SessionStore> = {}) {
  const whole = openSqliteStore(':memory:')
  const store: SessionStore = { ...whole.sessions, ...changes }
  const events: Array<SessionEvent['type']> = []
  const storeErrors: unknown[] = []
  const sessions = new SessionManager({
    store,
    ttlMs: 60_000,
    limit: 10,
    isLasting: true,
    context: {
      serverInfo: { name: 'test', version: '1' },
      capabilities: { tools: {} },
      instructions: '',
      dispatch: async () => ({}),
      transport: {
        upgradeAfterMs: 1000,
        keepAliveMs: 1000,
        retryMs: 1000,
        log: whole.events,
        bus: createLocalBus(),
        replica: 'one',
        isAlive: async () => true,
        isLongRunning: () => false,
        onStoreError: (error) => { throw error }
      },
      isReplayable: () => false,
      save: async () => {},
      onFault: (words) => { throw new Error(words) }
    },
    onEvent: ({ type }) => { events.push(type) },
    onStoreError: (error) => { storeErrors.push(error) },
    ...options
  })
  t.teardown(async () => {
    await sessions.close()
    await whole.close()
  })
  return { sessions, store, events, storeErrors }
}

t.test('a session that rests leaves the memory, and comes back when it is needed', async (t) => {
  const { sessions, store, events } = start(t, { idleMs: 1, sweepIntervalMs: 1 })
  const opened = await sessions.open(initialize, '2025-11-25', 'me')
  if (opened === undefined) throw new Error('not opened')
  t.equal(sessions.liveCount, 1)
  sessions.start()
  await until(() => sessions.liveCount === 0)
  t.equal(await store.count(), 1)
  const restored = await sessions.get(opened.id)
  t.match(restored, { id: opened.id, caller: 'me' })
  t.not(restored, opened)
  t.same(events, ['created', 'restored'])
})

t.test('requests that come at once restore a session once', async (t) => {
  const { sessions, events } = start(t)
  const opened = await sessions.open(initialize, '2025-11-25', 'me')
  if (opened === undefined) throw new Error('not opened')
  await sessions.close()
  const found = await Promise.all(Array.from({ length: 10 }, () => sessions.get(opened.id)))
  t.equal(new Set(found).size, 1)
  t.same(events, ['created', 'restored'])
})

t.test('a session that is deleted while it is restored does not come back', async (t) => {
  const { sessions } = start(t, {}, { touch: async () => false })
  const opened = await sessions.open(initialize, '2025-11-25', 'me')
  if (opened === undefined) throw new Error('not opened')
  await sessions.close()
  t.equal(await sessions.get(opened.id), undefined)
  t.equal(sessions.liveCount, 0)
})

t.test('a live session outlives trouble of the store, and the store is not asked with every request', async (t) => {
  let touches = 0
  const touch = async (): Promise<boolean> => {
    touches++
    throw new StoreError('touch a session', new Error('database is locked'))
  }
  const { sessions, storeErrors } = start(t, { ttlMs: 2000 }, { touch })
  const opened = await sessions.open(initialize, '2025-11-25', 'me')
  if (opened === undefined) throw new Error('not opened')
  await until(async () => {
    t.equal(await sessions.get(opened.id), opened)
    return touches === 1
  })
  for (let i = 0; i < 100; i++) await sessions.get(opened.id)
  t.ok(touches < 100, `${touches} touches`)
  t.match(storeErrors[0], { code: 'STORE_UNAVAILABLE' })
})

t.test('the limit counts sessions that live, and their end makes room', async (t) => {
  const { sessions, events } = start(t, { limit: 1 })
  const first = await sessions.open(initialize, '2025-11-25', 'me')
  t.equal(await sessions.open(initialize, '2025-11-25', 'me'), undefined)
  t.equal(await sessions.delete(first?.id ?? ''), true)
  t.equal(await sessions.delete(first?.id ?? ''), false)
  t.ok(await sessions.open(initialize, '2025-11-25', 'me'))
  t.same(events, ['created', 'rejected', 'closed', 'created'])
})
