import t from 'tap'
import { Replica } from '../../../../src/mcp/session-lane/replica.ts'
import { createLocalBus } from '../../../../src/store/bus.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts'

t.test('takes over the calls of others whose sign of life has grown old, and never its own', async (t) => {
  const store = openSqliteStore(':memory:')
  t.teardown(() => store.close())
  const { events: log } = store
  for (const writer of ['one', 'another']) await log.open({ session: 'session', stream: `of ${writer}` }, writer, '[]')
  const pickedUp: string[] = []
  const replica = new Replica({
    id: 'one',
    // It took so long to ask that nobody counts as alive any more.
    registry: { ...store.replicas, alive: async () => [] },
    log,
    bus: createLocalBus(),
    onPickUp: () => {},
    onStoreError: (error) => { throw error }
  })
  await replica.start({ pickUp: async ({ stream }) => pickedUp.push(stream) > 0, refresh: async () => {} })
  t.same(pickedUp, ['of another'])
  await replica.leave()
})

t.test('a call that it cannot go on with keeps it from no other', async (t) => {
  const store = openSqliteStore(':memory:')
  t.teardown(() => store.close())
  const { events: log } = store
  for (const stream of ['broken', 'whole']) await log.open({ session: 'session', stream }, 'gone', '[]')
  const pickedUp: string[] = []
  const errors: unknown[] = []
  const replica = new Replica({ id: 'one', registry: store.replicas, log, bus: createLocalBus(), onPickUp: () => {}, onStoreError: (error) => { errors.push(error) } })
  await replica.start({
    pickUp: async ({ stream }) => {
      if (stream === 'broken') throw new Error('nobody can read this')
      return pickedUp.push(stream) > 0
    },
    refresh: async () => {}
  })
  t.same(pickedUp, ['whole'])
  t.match(errors, [{ message: 'nobody can read this' }])
  await replica.leave()
})
