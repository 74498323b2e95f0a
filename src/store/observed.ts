import type { ConversationStore } from './conversation-store.ts'
import type { EventLog } from './event-log.ts'
import type { ReplicaRegistry } from './replica-registry.ts'
import type { SessionStore } from './session-store.ts'
import type { Store } from './store.ts'

/** The operations of a store's parts; no two parts have one of the same name. */
export type StoreOperation = keyof SessionStore | keyof EventLog | keyof ReplicaRegistry | keyof ConversationStore | 'check'

/** How one operation of a store ended. */
export interface StoreObservation {
  operation: StoreOperation
  outcome: 'success' | 'error'
  durationMs: number
}

/** The same store, watched: `observe` is called once for each operation, when it has ended. */
export function observeStore (store: Store, observe: (observation: StoreObservation) => void): Store {
  const { sessions, events, replicas, conversations } = store

  async function timed<T> (operation: StoreOperation, work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    let outcome: StoreObservation['outcome'] = 'error'
    try {
      const result = await work()
      outcome = 'success'
      return result
    } finally {
      observe({ operation, outcome, durationMs: performance.now() - startedAt })
    }
  }

  return {
    kind: store.kind,
    isLasting: store.isLasting,
    sessions: {
      create: (...args) => timed('create', () => sessions.create(...args)),
      get: (...args) => timed('get', () => sessions.get(...args)),
      touch: (...args) => timed('touch', () => sessions.touch(...args)),
      setWishes: (...args) => timed('setWishes', () => sessions.setWishes(...args)),
      delete: (...args) => timed('delete', () => sessions.delete(...args)),
      removeExpired: (...args) => timed('removeExpired', () => sessions.removeExpired(...args)),
      count: () => timed('count', () => sessions.count())
    },
    events: {
      open: (...args) => timed('open', () => events.open(...args)),
      append: (...args) => timed('append', () => events.append(...args)),
      end: (...args) => timed('end', () => events.end(...args)),
      read: (...args) => timed('read', () => events.read(...args)),
      newest: (...args) => timed('newest', () => events.newest(...args)),
      record: (...args) => timed('record', () => events.record(...args)),
      note: (...args) => timed('note', () => events.note(...args)),
      calls: (...args) => timed('calls', () => events.calls(...args)),
      orphans: (...args) => timed('orphans', () => events.orphans(...args)),
      hand: (...args) => timed('hand', () => events.hand(...args)),
      keep: (...args) => timed('keep', () => events.keep(...args)),
      forget: (...args) => timed('forget', () => events.forget(...args)),
      forgetExpired: () => timed('forgetExpired', () => events.forgetExpired())
    },
    replicas: {
      beat: (...args) => timed('beat', () => replicas.beat(...args)),
      leave: (...args) => timed('leave', () => replicas.leave(...args)),
      alive: () => timed('alive', () => replicas.alive())
    },
    conversations: {
      add: (...args) => timed('add', () => conversations.add(...args)),
      use: (...args) => timed('use', () => conversations.use(...args)),
      entitle: (...args) => timed('entitle', () => conversations.entitle(...args)),
      callerOf: (...args) => timed('callerOf', () => conversations.callerOf(...args)),
      list: (...args) => timed('list', () => conversations.list(...args))
    },
    bus: (name, read) => store.bus(name, read),
    check: () => timed('check', () => store.check()),
    close: () => store.close()
  }
}
