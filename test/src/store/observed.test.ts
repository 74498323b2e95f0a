import t from 'tap'
import { observeStore, type StoreObservation } from '../../../src/store/observed.ts'
import { openSqliteStore } from '../../../src/store/sqlite/store.ts'
import { sessionRecord } from './session-store-contract.ts'
import { testStore } from './store-contract.ts'

t.test('is the same store', async (t) => {
  testStore(t, async (t, limits = {}) => {
    const store = observeStore(openSqliteStore(':memory:', { limits }), () => {})
    t.teardown(() => store.close())
    return store
  })
})

t.test('tells of each operation when it has ended, by its name', async (t) => {
  const seen: StoreObservation[] = []
  const store = observeStore(openSqliteStore(':memory:'), (observation) => { seen.push(observation) })
  await store.sessions.create(sessionRecord(), 1)
  await store.events.forgetExpired()
  await store.replicas.alive()
  await store.check()
  await store.close()
  await t.rejects(store.events.read({ session: 'x', stream: 'y' }, 0))
  t.same(seen.map(({ operation, outcome }) => [operation, outcome]), [
    ['create', 'success'], ['forgetExpired', 'success'], ['alive', 'success'], ['check', 'success'], ['read', 'error']
  ])
  for (const { durationMs } of seen) t.ok(durationMs >= 0)
})
