import t from 'tap'
import { isNewer } from '../../../src/dust/event-id.ts'

t.test('ids count by their parts, not as text', async (t) => {
  t.ok(isNewer('5-10', '5-9'))
  t.ok(isNewer('10-0', '9-99'))
  t.ok(isNewer('1763800000000-1', '999999999999-7'))
  t.notOk(isNewer('5-9', '5-10'))
  t.notOk(isNewer('5-9', '5-9'))
  t.notOk(isNewer('9-99', '10-0'))
})

t.test('an id of an unknown form is new unless it is the same', async (t) => {
  t.ok(isNewer('abc', 'abd'))
  t.ok(isNewer('5-1', 'abc'))
  t.notOk(isNewer('abc', 'abc'))
  t.ok(isNewer(`${'9'.repeat(1_000_000)}-0`, `${'9'.repeat(1_000_000)}-1`), 'and so is one whose numbers are too long to be any')
})

t.test('an event without id, and the first event, are always new', async (t) => {
  t.ok(isNewer(null, '5-1'))
  t.ok(isNewer('0-0', null))
})
