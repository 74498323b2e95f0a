import type { SessionStore } from './session-store.ts'

/** How one operation of a store ended. */
export interface StoreObservation {
  operation: keyof SessionStore
  outcome: 'success' | 'error'
  durationMs: number
}

/** The same store, watched: `observe` is called once for each operation, when it has ended. */
export function observeStore (store: SessionStore, observe: (observation: StoreObservation) => void): SessionStore {
  async function timed<T> (operation: keyof SessionStore, work: () => Promise<T>): Promise<T> {
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
    create: (record, limit) => timed('create', () => store.create(record, limit)),
    get: (id) => timed('get', () => store.get(id)),
    touch: (id, expiresAt) => timed('touch', () => store.touch(id, expiresAt)),
    setWishes: (id, wishes) => timed('setWishes', () => store.setWishes(id, wishes)),
    delete: (id) => timed('delete', () => store.delete(id)),
    removeExpired: (limit) => timed('removeExpired', () => store.removeExpired(limit)),
    count: () => timed('count', () => store.count()),
    check: () => timed('check', () => store.check()),
    close: () => timed('close', () => store.close())
  }
}
