import type { Test } from 'tap'
import type { EventLog } from '../../../src/store/event-log.ts'

/** What every event log must do. */
export function testEventLog (t: Test, open: (t: Test) => Promise<EventLog>): void {
  t.test('gives what followed an event on its stream, in order, each with its own id', async (t) => {
    const log = await open(t)
    const ids: string[] = []
    for (const data of ['a', '', 'c', 'd']) ids.push(await log.append('session', 'one', data))
    await log.append('session', 'two', 'x')
    t.equal(new Set(ids).size, 4)
    t.same(await log.after('session', ids[1] ?? ''), { stream: 'one', events: [{ id: ids[2], data: 'c' }, { id: ids[3], data: 'd' }] })
    t.same(await log.after('session', ids[3] ?? ''), { stream: 'one', events: [] })
  })

  t.test('does not know what it never had, of another session, or has forgotten', async (t) => {
    const log = await open(t)
    const id = await log.append('session', 'one', 'a')
    for (const unknown of ['', 'one', 'one.', 'one.0', 'one.2', 'two.1', '.1']) t.equal(await log.after('session', unknown), undefined, unknown)
    t.equal(await log.after('other', id), undefined)
    await log.remove('session')
    t.equal(await log.after('session', id), undefined)
  })

  t.test('keeps what is fresh', async (t) => {
    const log = await open(t)
    const id = await log.append('session', 'one', 'a')
    await log.removeExpired()
    t.same(await log.after('session', id), { stream: 'one', events: [] })
  })
}
