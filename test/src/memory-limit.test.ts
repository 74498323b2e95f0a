import { mock } from 'node:test'
import { totalmem } from 'node:os'
import t from 'tap'
import { memoryLimitBytes } from '../../src/memory-limit.ts'

t.test('is the limit of the container, or the memory of the machine when there is none', (t) => {
  t.teardown(() => { mock.restoreAll() })
  for (const [constrained, limit] of [[268_435_456, 268_435_456], [0, totalmem()], [2 ** 64, totalmem()]]) {
    mock.method(process, 'constrainedMemory', () => constrained)
    t.equal(memoryLimitBytes(), limit)
  }
  t.end()
})
