import t, { type Test } from 'tap'
import type { Dispatch } from '../../../../src/mcp/dispatch.ts'
import { OperationAborted } from '../../../../src/mcp/operation.ts'
import { SessionManager, type SessionEvent, type SessionManagerOptions } from '../../../../src/mcp/session-lane/session-manager.ts'
import { createLocalBus } from '../../../../src/store/bus.ts'
import type { EventLog } from '../../../../src/store/event-log.ts'
import type { SessionStore } from '../../../../src/store/session-store.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts'
import { StoreError } from '../../../../src/store/store.ts'
import { toolCall, until } from '../../../helper.ts'
import { createRequest } from './reply.ts'

const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }

const ME = { caller: 'me', credential: null }

function start (
  t: Test, options: Partial<SessionManagerOptions> = {}, changes: Partial<SessionStore> = {},
  { dispatch = async () => ({}), changeLog = () => ({}) }: { dispatch?: Dispatch, changeLog?: (log: EventLog) => Partial<EventLog> } = {}
) {
  const whole = openSqliteStore(':memory:')
  const log: EventLog = { ...whole.events, ...changeLog(whole.events) }
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
      dispatch,
      transport: {
        upgradeAfterMs: 1000,
        keepAliveMs: 1000,
        retryMs: 1000,
        log,
        bus: createLocalBus(),
        replica: 'one',
        isAlive: async () => true,
        isLongRunning: ({ method }) => method === 'tools/call',
        onStoreError: (error) => { storeErrors.push(error) }
      },
      needsCredential: () => false,
      onPickUp: () => {},
      isReplayable: () => false,
      save: async () => {},
    },
    onEvent: ({ type }) => { events.push(type) },
    onStoreError: (error) => { storeErrors.push(error) },
    ...options
  })
  t.teardown(async () => {
    await sessions.close()
    await whole.close()
  })
  const open = async () => {
    const session = await sessions.open(initialize, '2025-11-25', ME)
    if (session === undefined) throw new Error('not opened')
    return session
  }
  return { sessions, store, events, storeErrors, log, open }
}

t.test('a session that rests leaves the memory, and comes back when it is needed', async (t) => {
  const { sessions, store, events, open } = start(t, { idleMs: 1, sweepIntervalMs: 1 })
  const opened = await open()
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
  const { sessions, events, open } = start(t)
  const opened = await open()
  await sessions.close()
  const found = await Promise.all(Array.from({ length: 10 }, () => sessions.get(opened.id)))
  t.equal(new Set(found).size, 1)
  t.same(events, ['created', 'restored'])
})

t.test('a session that is deleted while it is restored does not come back', async (t) => {
  const { sessions, open } = start(t, {}, { touch: async () => false })
  const opened = await open()
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
  const { sessions, storeErrors, open } = start(t, { ttlMs: 2000 }, { touch })
  const opened = await open()
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
  const first = await sessions.open(initialize, '2025-11-25', ME)
  t.equal(await sessions.open(initialize, '2025-11-25', ME), undefined)
  t.equal(await sessions.delete(first?.id ?? ''), true)
  t.equal(await sessions.delete(first?.id ?? ''), false)
  t.ok(await sessions.open(initialize, '2025-11-25', ME))
  t.same(events, ['created', 'rejected', 'closed', 'created'])
})

t.test('a session stays in memory while its client reads what another process writes', async (t) => {
  const { sessions, log, open } = start(t, { idleMs: 0 })
  const session = await open()
  const key = { session: session.id, stream: 'elsewhere' }
  await log.open(key, 'another', '[]')
  const reply = createRequest()
  t.equal(await session.resume(reply.http, 'elsewhere.0'), 'streaming')
  await sessions.sweep()
  t.equal(sessions.liveCount, 1)
  await log.append(key, 'another', { seq: 1, data: '"late"' }, true)
  await sessions.refresh()
  await until(() => reply.isEnded)
  t.same(reply.data, ['"late"'])
  await sessions.sweep()
  t.equal(sessions.liveCount, 0)
})

t.test('a session stays in memory until the store has taken an answer, whether or not its client is there', async (t) => {
  let isAway = true
  const { sessions, log, storeErrors, open } = start(t, { idleMs: 0 }, {}, {
    changeLog: (log) => ({
      append: async (...args) => {
        if (isAway) throw new StoreError('append an event', new Error('it is away'))
        return log.append(...args)
      }
    })
  })
  const session = await open()
  const reply = createRequest()
  t.equal(await session.post([toolCall(1, 'any')], reply.http), 'streaming')
  reply.leave()
  await until(() => storeErrors.length > 0)
  await sessions.sweep()
  t.equal(sessions.liveCount, 1)
  const [call] = await log.calls(session.id)
  if (call === undefined) throw new Error('no call')
  isAway = false
  await until(async () => (await log.record(call))?.isEnded === true)
  t.match(await log.read(call, 0), { events: [{ data: /"id":1/ }] })
  await until(async () => {
    await sessions.sweep()
    return sessions.liveCount === 0
  })
})

t.test('what a store that hung may have begun is ended when it is back, and the store is left alone until then', async (t) => {
  const ended: string[] = []
  const { sessions, log, open } = start(t, { idleMs: 0 }, {}, {
    changeLog: (log) => ({
      open: async (...args) => {
        await log.open(...args)
        throw new StoreError('open a stream', new Error('no answer in time'))
      },
      end: async (key, writer) => {
        ended.push(key.stream)
        await log.end(key, writer)
      }
    })
  })
  const session = await open()
  for (let id = 0; id < 5; id++) await t.rejects(session.post([toolCall(id, 'any')], createRequest().http), { code: 'STORE_UNAVAILABLE' })
  t.same(ended, [])
  await sessions.sweep()
  t.equal(sessions.liveCount, 1)
  t.equal((await log.calls(session.id)).length, 5)
  await sessions.refresh()
  t.same(await log.calls(session.id), [])
  t.equal(ended.length, 5)
  await sessions.sweep()
  t.equal(sessions.liveCount, 0)
})

t.test('a client that comes while its session ends is not left on a stream that nobody ends, and leaves nothing behind', async (t) => {
  const { sessions, log, open } = start(t)
  const session = await open()
  const other = await open()
  const key = { session: session.id, stream: 'elsewhere' }
  await sessions.delete(session.id)
  await sessions.close()
  // As if the store's answers had been on their way.
  await log.open(key, 'another', '[]')
  for (const [open, eventId] of [[session, 'elsewhere.0'], [session, 'standalone.1'], [other, 'standalone.1']] as const) {
    const reply = createRequest()
    t.equal(await open.resume(reply.http, eventId), 'streaming')
    t.ok(reply.isEnded, eventId)
  }
  t.match(await log.record({ session: session.id, stream: 'standalone' }), { isEnded: true })
})

t.test('a call that comes back while it is still worked on is left to whoever begins where its log ends', async (t) => {
  const causes: unknown[] = []
  const { sessions, log, open } = start(t, {}, {}, {
    dispatch: async (method, _params, { signal }) => {
      if (method !== 'tools/call') return {}
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          causes.push(signal.reason)
          reject(signal.reason)
        })
      })
    }
  })
  const session = await open()
  const reply = createRequest()
  await session.post([toolCall(1, 'any')], reply.http)
  const [call] = await log.calls(session.id)
  if (call === undefined) throw new Error('no call')
  await sessions.pickUp(call)
  t.match(causes, [new OperationAborted('moved')])
  t.match(await log.record(call), { writer: null, isEnded: false, lastSeq: 0 })
  t.ok(reply.isEnded)
})

t.test('a call whose answers were all given is ended', async (t) => {
  const { sessions, log, open } = start(t)
  const session = await open()
  const key = { session: session.id, stream: 'left' }
  await log.open(key, 'one', JSON.stringify([toolCall(1, 'any')]))
  await log.append(key, 'one', { seq: 1, data: JSON.stringify({ jsonrpc: '2.0', id: 1, result: {} }) }, false)
  const record = await log.record(key)
  if (record === undefined) throw new Error('no record')
  await sessions.pickUp(record)
  t.match(await log.record(key), { isEnded: true })
})
