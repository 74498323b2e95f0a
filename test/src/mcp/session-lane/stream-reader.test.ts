import t from 'tap'
import { StreamReader } from '../../../../src/mcp/session-lane/stream-reader.ts'
import { openSqliteStore } from '../../../../src/store/sqlite/store.ts'
import { createRequest } from './reply.ts'

const MOMENTS = 20

t.test('an event is never passed over, at whichever moment of a look into the log it comes', async (t) => {
  const store = openSqliteStore(':memory:')
  t.teardown(() => store.close())
  const log = store.events
  const pause = async (moments: number): Promise<void> => { for (let i = 0; i < moments; i++) await Promise.resolve() }

  for (let moments = 0; moments < MOMENTS; moments++) {
    const key = { session: 'session', stream: String(moments) }
    await log.open(key, 'writer', null)
    const reply = createRequest()
    const reader = new StreamReader(key, reply.http, 0, { name: 'stream', view: undefined, log, headers: {}, keepAliveMs: 60_000, onStoreError: (error) => { throw error } })
    await log.append(key, 'writer', { seq: 1, data: 'first' }, false)
    reader.wake()
    await pause(moments)
    await log.append(key, 'writer', { seq: 2, data: 'second' }, true)
    reader.wake()
    // Long enough for every look that was begun.
    await new Promise((resolve) => { setImmediate(resolve) })
    t.same(reply.data, ['first', 'second'], `${moments} moments later`)
    t.ok(reply.isEnded)
    reader.end()
  }
})
