import t from 'tap'
import { readStream } from '../fixtures/event-reader.ts'
import { openSession, post, toolCall, until } from '../helper.ts'
import { askAgent, faultsOf } from './agent-call.ts'
import { startCluster } from './replica-cluster.ts'
import { connectWandering } from './wandering-client.ts'

const cluster = await startCluster(t, 2)
if (cluster !== null) {
  const { dust, replicas, addresses } = cluster
  const [one = '', other = ''] = addresses

  t.test('a replica that starts tells the clients of another one nothing', async (t) => {
    const { client, pins, notices } = await connectWandering(t, addresses, { GET: 0 })
    t.match(await replicas[1]?.stop('SIGTERM'), { code: 0 })
    await replicas[1]?.start()
    pins['tools/call'] = 1
    await client.callTool({ name: 'change', arguments: { list: 'prompts' } })
    await until(() => notices.some(({ method }) => method === 'notifications/prompts/list_changed'))
    t.same(notices.map(({ method }) => method), ['notifications/prompts/list_changed'])
  })

  t.test('a client that leaves a replica which has just started has missed nothing', async (t) => {
    const session = await openSession(one)
    await replicas[1]?.stop('SIGTERM')
    await replicas[1]?.start()
    const left = await readStream(other, session)
    const taken = await readStream(one, session)
    await until(() => left.isEnded)
    await post(one, toolCall(1, 'change', { list: 'prompts' }), session)
    const methods = (): unknown[] => taken.messages.map((message) => Object(message).method)
    await until(() => methods().includes('notifications/prompts/list_changed'))
    t.same(methods(), ['notifications/prompts/list_changed'])
    taken.leave()
  })

  t.test('a session goes on after both were restarted', async (t) => {
    const { client, pins, notices } = await connectWandering(t, addresses)
    await client.setLoggingLevel('debug')
    for (const { code } of await Promise.all(replicas.map((replica) => replica.stop('SIGTERM')))) t.equal(code, 0)
    await Promise.all(replicas.map((replica) => replica.start()))
    for (const at of [0, 1]) {
      pins['tools/call'] = at
      await client.callTool({ name: 'chatter' })
    }
    const levels = notices.filter(({ method }) => method === 'notifications/message').map(({ params }) => Object(params).level)
    t.same(levels, ['debug', 'warning', 'debug', 'warning'])
    t.same(await faultsOf(askAgent(client, 'dust', 'Still there?'), dust), [])
  })
}
