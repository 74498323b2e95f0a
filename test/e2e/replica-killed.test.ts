import t from 'tap'
import { until } from '../helper.ts'
import { askAgent, faultsOf, piecesOf } from './agent-call.ts'
import { startCluster } from './replica-cluster.ts'
import { connectWandering } from './wandering-client.ts'

const cluster = await startCluster(t, 2)
const [victim] = cluster?.replicas ?? []
if (cluster !== null && victim !== undefined) {
  const { dust, addresses } = cluster
  const cases = [
    ['while its agent writes and its person thinks: both go on at the other one', true],
    ['and before another one takes over its agent ends and its person answers', false]
  ] as const

  for (const [when, isSlow] of cases) {
    t.test(`a replica is killed, ${when}`, async (t) => {
      dust.pace.factor = 1
      const question = `What is loss, ${isSlow}?`
      const { promise: verdict, resolve: decide } = Promise.withResolvers<string>()
      const asked: string[] = []
      const reader = await connectWandering(t, addresses)
      const thinker = await connectWandering(t, addresses, {}, async (message) => {
        asked.push(message)
        return { action: 'accept', content: message === 'What about?' ? { topic: question } : { verdict: await verdict } }
      })
      for (const { pins } of [reader, thinker]) pins['tools/call'] = 0
      const essay = askAgent(reader.client, 'essayist', `At length: ${question}`)
      const interview = thinker.client.callTool({ name: 'interview', arguments: { agent: 'dust' } })
      await until(() => piecesOf(essay.progress).length > 1 && asked.length === 2)

      t.match(await victim.stop('SIGKILL'), { signal: 'SIGKILL' })
      const heard = piecesOf(essay.progress).length
      if (isSlow) await until(() => piecesOf(essay.progress).length > heard)
      dust.pace.factor = 0
      decide('keep')

      t.same(await faultsOf(essay, dust), [])
      const { structuredContent } = await interview
      const runs = [...dust.workspace.runs.values()].filter(({ order }) => order.prompt === question)
      t.equal(runs.length, 1, 'the agent was asked once')
      t.match(structuredContent, { verdict: 'keep', answer: runs[0]?.message.content })
      t.same(asked, ['What about?', 'Keep the answer?'], 'and so was the person')
      for (const { errors, landings } of [reader, thinker]) {
        t.ok(landings.some(({ what, at }) => what === 'GET' && at === 1), 'the client came back')
        t.same(errors.filter((error) => error.includes('unknown')), [], 'nothing came twice')
      }
      await victim.start()
    })
  }
}
