import { mock } from 'node:test'
import t, { type Test } from 'tap'
import type { Operation, Progress } from '../../../src/mcp/operation.ts'
import { ProgressFeed } from '../../../src/mcp/progress-feed.ts'

const KIND = 'mcp-dust-server/kind'
const POSITION = 'mcp-dust-server/position'

function start (t: Test, resumed: Operation['resumed'] = null) {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  t.teardown(() => { mock.timers.reset() })
  const sent: Array<Record<string, unknown>> = []
  const operation: Pick<Operation, 'progress' | 'resumed'> = {
    resumed,
    progress: async (words) => {
      const { message, meta = {} }: Progress = typeof words === 'string' ? { message: words } : words
      sent.push({ kind: meta[KIND], message, ...(meta[POSITION] === undefined ? {} : { position: meta[POSITION] }) })
    }
  }
  return { feed: new ProgressFeed(operation, (error) => { throw error }), sent }
}

t.test('pieces of text are sent together, after a moment', async (t) => {
  const { feed, sent } = start(t)
  for (const piece of ['a', 'b', 'c']) feed.text(piece, 0, null)
  t.same(sent, [])
  mock.timers.tick(200)
  t.same(sent, [{ kind: 'text', message: 'abc' }])
})

t.test('a step comes after the text so far, and at once; another draft does not mix with the one before', async (t) => {
  const { feed, sent } = start(t)
  feed.text('first', 0, null)
  feed.step('searching')
  feed.text('again', 1, null)
  feed.text('other', 2, null)
  await feed.end()
  t.same(sent.map(({ message }) => message), ['first', 'searching', 'again', 'other'])
})

t.test('silence never lasts longer than 10 s', async (t) => {
  const { feed, sent } = start(t)
  mock.timers.tick(9_000)
  feed.step('still there')
  mock.timers.tick(9_999)
  t.equal(sent.length, 1)
  for (let seconds = 0; seconds < 60; seconds += 10) mock.timers.tick(10_000)
  t.equal(sent.length, 7)
  t.match(sent.at(-1), { kind: 'heartbeat', message: /^Still working, 7\d s so far\. still there$/ }, 'and says what is being done')
  feed.text('done with that', 0, null)
  mock.timers.tick(200)
  mock.timers.tick(10_000)
  t.match(sent.at(-1), { kind: 'heartbeat', message: /^Still working, \d+ s so far$/ })
})

t.test('nothing is sent after the end', async (t) => {
  const { feed, sent } = start(t)
  feed.text('last', 0, null)
  await feed.end()
  mock.timers.tick(60_000)
  t.same(sent, [{ kind: 'text', message: 'last' }])
})

t.test('what is told says how far it goes, and another process goes on from there', async (t) => {
  const { feed, sent } = start(t)
  t.equal(feed.position, null)
  feed.text('one', 0, '1-0')
  feed.text('two', 0, '2-0')
  mock.timers.tick(200)
  feed.text('three', 0, '3-0')
  feed.step('searching', '4-0')
  mock.timers.tick(10_000)
  t.match(sent, [
    { message: 'onetwo', position: '2-0' }, { message: 'three', position: '3-0' }, { message: 'searching', position: '4-0' },
    { kind: 'heartbeat', position: '4-0' }
  ])
})

t.test('a feed knows how far another process came', async (t) => {
  const { feed } = start(t, { since: 0, progress: { meta: { [POSITION]: '4-0' } } })
  t.equal(feed.position, '4-0')
  await feed.end()
})
