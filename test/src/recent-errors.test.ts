import t from 'tap'
import { RecentErrors } from '../../src/recent-errors.ts'

t.test('the same error again counts, and is the last one then', async (t) => {
  const errors = new RecentErrors()
  errors.note('mcp', 'echo', 'tool_error')
  errors.note('dust', 'list_agents', 'timeout')
  errors.note('mcp', 'echo', 'tool_error')
  t.match(errors.list(), [{ source: 'mcp', name: 'echo', code: 'tool_error', count: 2, at: Number }, { source: 'dust', name: 'list_agents', code: 'timeout', count: 1 }])
})

t.test('one that comes all the time pushes out no other, many different ones the oldest', async (t) => {
  const errors = new RecentErrors()
  errors.note('http', 'GET /', '500')
  for (let time = 0; time < 1000; time++) errors.note('mcp', 'echo', 'tool_error')
  t.equal(errors.list().length, 2)
  for (let number = 0; number < 19; number++) errors.note('mcp', `tool ${number}`, 'tool_error')
  t.equal(errors.list().length, 20)
  t.notOk(errors.list().some(({ source }) => source === 'http'))
})
