import { mock } from 'node:test'
import t from 'tap'
import { Deeds } from '../../../src/mcp/stateless-lane/deeds.ts'

t.test('does a work once, also while it is being done, and another one for itself', async (t) => {
  const deeds = new Deeds(1000)
  let done = 0
  const work = async () => ++done
  t.same(await Promise.all([deeds.once('a', work), deeds.once('a', work), deeds.once('b', work)]), [1, 1, 2])
  t.equal(await deeds.once('a', work), 1)
})

t.test('what failed may be tried again', async (t) => {
  const deeds = new Deeds(1000)
  await t.rejects(deeds.once('a', async () => { throw new Error('not today') }), /not today/)
  t.equal(await deeds.once('a', async () => 'done'), 'done')
})

t.test('forgets after a while, and the oldest when there are too many', async (t) => {
  mock.timers.enable({ apis: ['Date'] })
  t.teardown(() => { mock.timers.reset() })
  const deeds = new Deeds(1000)
  let done = 0
  const work = async () => ++done
  await deeds.once('a', work)
  mock.timers.tick(999)
  t.equal(await deeds.once('a', work), 1)
  mock.timers.tick(1)
  t.equal(await deeds.once('a', work), 2)
  for (let number = 0; number < 10_000; number++) await deeds.once(String(number), work)
  t.equal(await deeds.once('9999', work), done)
  t.equal(await deeds.once('a', work), done)
})
