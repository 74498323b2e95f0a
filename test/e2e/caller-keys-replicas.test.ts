import t, { type Test } from 'tap'
import { readEvents, readStream, type EventReader } from '../fixtures/event-reader.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import type { RedisServer } from '../fixtures/redis.ts'
import { openSession, post, toolCall, until } from '../helper.ts'
import { askAgent, faultsOf, piecesOf } from './agent-call.ts'
import { startCluster } from './replica-cluster.ts'
import { connectWandering } from './wandering-client.ts'

const cluster = await startCluster(t, 2, { DUST_KEY_PASSTHROUGH: 'true', DUST_API_KEY: '', DUST_WORKSPACE_ID: '' })
const [victim] = cluster?.replicas ?? []
if (cluster !== null && victim !== undefined) {
  const { dust, addresses, redis } = cluster
  const [first = '', other = ''] = addresses
  const key = { 'x-dust-api-key': dust.settings.apiKey, 'x-dust-workspace-id': dust.settings.workspaceId }
  const pickedUp = async (): Promise<number> => (await readMetrics(other)).value('mcp_dust_server_mcp_calls_picked_up_total')
  const bothLive = (): Promise<void> => until(async () => (await readMetrics(other)).value('mcp_dust_server_replicas') === 2)
  t.beforeEach(() => { dust.pace.factor = 1 })

  for (const signal of ['SIGKILL', 'SIGTERM'] as const) {
    t.test(`a replica ends by ${signal}: the call goes on where its client comes back with its key`, async (t) => {
      const { client, pins, landings } = await connectWandering(t, addresses, {}, undefined, key)
      pins['tools/call'] = 0
      const essay = askAgent(client, 'essayist', `At length: what is ${signal}?`)
      await until(() => piecesOf(essay.progress).length > 1)
      await victim.stop(signal)
      const heard = piecesOf(essay.progress).length
      await until(() => piecesOf(essay.progress).length > heard)
      dust.pace.factor = 0
      t.same(await faultsOf(essay, dust), [], 'each piece once, the agent asked once')
      t.ok(landings.some(({ what, at }) => what === 'GET' && at === 1))
      await victim.start()
      await bothLive()
    })
  }

  t.test('without its client nobody can go on, so the call waits for it', async (t) => {
    const before = await pickedUp()
    const { session, call, question } = await askAndKill(t, 'And what is patience?')
    await until(() => isAwaited(redis))
    t.equal(await pickedUp(), before, 'nobody has gone on')
    for (const stranger of [{ ...key, 'x-dust-api-key': 'sk-other' }, { ...key, 'x-dust-workspace-id': 'other' }]) {
      t.equal((await fetch(`${other}/mcp`, { headers: { accept: 'text/event-stream', 'last-event-id': call.ids.at(-1) ?? '', ...session, ...stranger } })).status, 404)
    }
    t.equal(await pickedUp(), before, 'nor for anybody else')

    dust.pace.factor = 0
    const rest = await readStream(other, { ...session, ...key }, call.ids.at(-1))
    await until(() => rest.isEnded)
    const runs = [...dust.workspace.runs.values()].filter(({ order }) => order.prompt === question)
    t.equal(runs.length, 1, 'the agent was asked once')
    t.match(rest.messages.at(-1), { id: 1, result: { structuredContent: { status: 'succeeded', answer: runs[0]?.message.content } } })
    t.equal(textOf([...call.messages, ...rest.messages]), runs[0]?.message.content, 'each piece came once')
    t.equal(await pickedUp(), before + 1)
    await victim.start()
    await bothLive()
  })

  t.test('a client that is back only to cancel ends the run in Dust', async (t) => {
    const { session, question } = await askAndKill(t, 'What for?')
    await until(() => isAwaited(redis))
    const [run] = [...dust.workspace.runs.values()].filter(({ order }) => order.prompt === question)
    t.equal(run?.message.status, 'created')
    t.equal((await post(other, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, { ...session, ...key })).status, 202)
    await until(() => run?.message.status === 'cancelled')
    await victim.start()
    await bothLive()
  })

  /** Asks at the replica that is killed when the answer has begun. Nobody comes back. */
  async function askAndKill (t: Test, words: string): Promise<{ session: Record<string, string>, call: EventReader, question: string }> {
    const question = `At length: ${words}`
    const session = await openSession(first, {}, key)
    const call = await readEvents((signal) => post(first, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: question }, 'token'), { ...session, ...key, 'mcp-protocol-version': '2025-11-25' }, signal))
    t.teardown(() => { call.leave() })
    await until(() => textOf(call.messages) !== '')
    await victim?.stop('SIGKILL')
    await until(() => call.isEnded)
    return { session, call, question }
  }
}

/** Whether there is a call that waits for its client. */
async function isAwaited ({ command }: RedisServer): Promise<boolean> {
  const keys = await command('KEYS', 'mcp:streams:by:awaiting-client')
  return Array.isArray(keys) && keys.length > 0
}

function textOf (messages: unknown[]): string {
  return messages.map((message) => Object(Object(message).params)).filter((params) => Object(params._meta)['mcp-dust-server/kind'] === 'text').map(({ message }) => String(message)).join('')
}
