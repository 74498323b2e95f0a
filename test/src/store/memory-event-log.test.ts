import { mock } from 'node:test'
import t from 'tap'
import { createMemoryEventLog } from '../../../src/store/memory-event-log.ts'
import { testEventLog } from './event-log-contract.ts'

testEventLog(t, async () => createMemoryEventLog())

t.test('keeps the newest events of a stream, by number and by length', async (t) => {
  const log = createMemoryEventLog({ eventsPerStream: 3, charactersPerStream: 100 })
  const ids: string[] = []
  for (let number = 1; number <= 5; number++) ids.push(await log.append('session', 'one', String(number)))
  t.equal(await log.after('session', ids[0] ?? ''), undefined, 'a gap is never hidden')
  t.match(await log.after('session', ids[2] ?? ''), { events: [{ data: '4' }, { data: '5' }] })
  const large = await log.append('session', 'one', 'x'.repeat(99))
  t.equal(await log.after('session', ids[3] ?? ''), undefined)
  t.match(await log.after('session', ids[4] ?? ''), { events: [{ id: large }] })
})

t.test('forgets a stream on which nothing happened for long', async (t) => {
  mock.timers.enable({ apis: ['Date'] })
  t.teardown(() => { mock.timers.reset() })
  const log = createMemoryEventLog({ ageMs: 1000 })
  const silent = await log.append('session', 'silent', 'a')
  const lively = await log.append('session', 'lively', 'a')
  mock.timers.tick(900)
  await log.append('session', 'lively', 'b')
  mock.timers.tick(900)
  await log.removeExpired()
  t.equal(await log.after('session', silent), undefined)
  t.match(await log.after('session', lively), { events: [{ data: 'b' }] })
})
