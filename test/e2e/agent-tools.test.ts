import path from 'node:path'
import t from 'tap'
import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import { connect, startEmulator, until } from '../helper.ts'
import { piecesOf } from './agent-call.ts'
import { startCluster } from './replica-cluster.ts'
import { startServerProcess } from './server-process.ts'
import { connectWandering } from './wandering-client.ts'

async function toolOf (client: Client, title: string): Promise<string> {
  let name: string | undefined
  await until(async () => {
    name = (await client.listTools()).tools.find((tool) => tool.title === title)?.name
    return name !== undefined
  })
  return name ?? ''
}

t.test('replicas have the same names, find a change together, and a client is told once', async (t) => {
  const cluster = await startCluster(t, 2, { DUST_AGENT_TOOLS: 'true', DUST_AGENTS_TTL: '3s' })
  if (cluster === null) return
  const { dust, addresses } = cluster
  const clients = await Promise.all(addresses.map(async (address) => (await connect(t, address)).client))
  const names = await Promise.all(clients.map((client) => toolOf(client, 'Researcher')))
  t.equal(names[0], names[1])
  const { client, notices } = await connectWandering(t, addresses)
  const told = (): number => notices.filter(({ method }) => method === 'notifications/tools/list_changed').length
  // What a client that has just come may have missed is told, too.
  let before = -1
  let looks = 0
  await until(() => {
    const isQuiet = told() === before && (dust.requests()['agents.list'] ?? 0) >= looks + 2
    if (told() !== before) [before, looks] = [told(), dust.requests()['agents.list'] ?? 0]
    return isQuiet
  })

  dust.workspace.agents.change('researcher', { name: 'Finder' })
  await until(() => told() > before)
  for (const each of [client, ...clients]) t.notOk((await each.listTools()).tools.some(({ name }) => name === names[0]), 'every replica knows by now')
  looks = dust.requests()['agents.list'] ?? 0
  await until(() => (dust.requests()['agents.list'] ?? 0) >= looks + 4)
  t.equal(told(), before + 1)
})

t.test('a call of an agent\'s own tool goes on after its process was killed', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 0.5 })
  const settings = { ...environment, STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}` }
  const first = await startServerProcess(t, settings)
  const { client } = await connect(t, first.address)
  const name = await toolOf(client, 'Essayist')
  const progress: Progress[] = []
  const answer = client.callTool({ name, arguments: { message: 'Go on' } }, undefined, { onprogress: (step) => { progress.push(step) } })
  await until(() => piecesOf(progress).length > 0)
  first.child.kill('SIGKILL')
  await first.ended
  await startServerProcess(t, { ...settings, PORT: new URL(first.address).port })
  t.match((await answer).structuredContent, { status: 'succeeded', answer: String, agent: { id: 'essayist' } })
  t.equal(emulator.emulator.workspace.runs.size, 1, 'the agent was asked once')
})
