import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { readEvents, readStream } from '../fixtures/event-reader.ts'
import { openSession, post, toolCall, until } from '../helper.ts'
import { startCluster } from './replica-cluster.ts'
import { connectWandering } from './wandering-client.ts'

// Sessions are looked up in the store again after a tenth of their lifetime.
const cluster = await startCluster(t, 2, { SESSION_TTL: '20s' })
if (cluster !== null) {
  const { dust, addresses, redis } = cluster
  const [one = '', other = ''] = addresses
  t.before(async () => {
    // From now on Redis keeps what it is given, and passes on no word from one replica to another.
    await redis.command('ACL', 'SETUSER', 'default', 'resetchannels')
  })
  t.beforeEach(() => { dust.pace.factor = 1 })

  t.test('the answer of a person reaches a replica that is not told of it', async (t) => {
    const { client, pins } = await connectWandering(t, addresses, {}, async (message) => (
      { action: 'accept', content: message === 'What about?' ? { topic: 'What is a word?' } : { verdict: 'keep' } }))
    Object.assign(pins, { 'tools/call': 0, answer: 1 })
    const { structuredContent } = await client.callTool({ name: 'interview', arguments: { agent: 'dust' } })
    t.match(structuredContent, { verdict: 'keep', answer: /What is a word\?/ })
  })

  t.test('a cancel reaches a replica that is not told of it', async (t) => {
    const { client, pins } = await connectWandering(t, addresses)
    Object.assign(pins, { 'tools/call': 0, 'notifications/cancelled': 1 })
    const cancel = new AbortController()
    const question = 'What is a cancel that nobody hears?'
    await t.rejects(client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: question } }, undefined, { signal: cancel.signal, onprogress: () => { cancel.abort() } }))
    const run = [...dust.workspace.runs.values()].find(({ order }) => order.prompt === question)
    await run?.finished
    t.equal(run?.message.status, 'cancelled')
  })

  t.test('a stream goes on at a replica that is not told of its events', async (t) => {
    const session = await openSession(one)
    const question = 'What is a stream that nobody tells of?'
    const call = await readEvents((signal) => post(one, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: question }, 'token'), session, signal))
    await until(() => call.messages.length > 0)
    call.leave()
    const rest = await readStream(other, session, call.ids.at(-1))
    await until(() => rest.messages.length > 1)
    dust.pace.factor = 0
    await until(() => rest.isEnded)
    const run = [...dust.workspace.runs.values()].find(({ order }) => order.prompt === question)
    t.match(rest.messages.at(-1), { id: 1, result: { structuredContent: { answer: run?.message.content } } })
  })

  t.test('a wish counts at a replica that is not told of it', async (t) => {
    const { client, pins, notices } = await connectWandering(t, addresses)
    for (const at of [0, 1]) {
      pins['tools/call'] = at
      await client.callTool({ name: 'chatter' })
    }
    Object.assign(pins, { 'logging/setLevel': 0, 'tools/call': 1 })
    await client.setLoggingLevel('debug')
    const isHeard = (): boolean => notices.some(({ params }) => Object(params).level === 'debug')
    for (let tries = 0; tries < 100 && !isHeard(); tries++) {
      await client.callTool({ name: 'chatter' })
      await sleep(100)
    }
    t.ok(isHeard(), 'in the end')
  })
}
