import path from 'node:path'
import t, { type Test } from 'tap'
import type { Progress } from '@modelcontextprotocol/sdk/types.js'
import { readEvents } from '../fixtures/event-reader.ts'
import { connect, openSession, post, startEmulator, toolCall, until } from '../helper.ts'
import { textOf } from './progress-text.ts'
import { startServerProcess } from './server-process.ts'

/** A process may take longer to start again than the SDK is patient. */
const PATIENT = { initialReconnectionDelay: 1000, maxReconnectionDelay: 1000, reconnectionDelayGrowFactor: 1, maxRetries: 30 }

/** A server that can be killed and started again, at the same address and with the same store. */
async function start (t: Test) {
  const { emulator, environment } = await startEmulator(t, { pace: 0.5 })
  const settings = { ...environment, DUST_AGENT_TOOLS: 'false', STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}` }
  const first = await startServerProcess(t, settings)
  const { port } = new URL(first.address)
  return { emulator, first, again: () => startServerProcess(t, { ...settings, PORT: port }), ...await connect(t, first.address, undefined, { reconnectionOptions: PATIENT }) }
}

t.test('a call goes on after its process was killed: each piece of the answer once, and the answer', async (t) => {
  const { emulator, first, again, client } = await start(t)
  const progress: Progress[] = []
  const answer = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'essayist', message: 'Go on' } }, undefined, { onprogress: (step) => { progress.push(step) } })
  await until(() => textOf(progress).length > 20)
  first.child.kill('SIGKILL')
  await first.ended
  await again()
  const { structuredContent } = await answer
  t.match(structuredContent, { status: 'succeeded', answer: String })
  t.equal(textOf(progress), Object(structuredContent).answer)
  const numbers = progress.map(({ progress }) => progress)
  t.same(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'progress only grows')
  t.equal(emulator.emulator.workspace.runs.size, 1, 'the agent was asked once')
})

t.test('a call whose process was killed before it asked the agent asks it', async (t) => {
  const { emulator, first, again, client } = await start(t)
  const { faults, workspace } = emulator.emulator
  const before = emulator.emulator.requests()['agents.list'] ?? 0
  faults.replace([{ kind: 'slow', operation: 'agents.list', delayMs: 600_000 }])
  const answer = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: 'Are you there?' } })
  await until(() => (emulator.emulator.requests()['agents.list'] ?? 0) > before)
  first.child.kill('SIGKILL')
  await first.ended
  await again()
  t.match(await answer, { structuredContent: { status: 'succeeded' } })
  t.equal(workspace.runs.size, 1)
})

t.test('a cancel that comes before anybody goes on with the call reaches the run in Dust', async (t) => {
  const { emulator, first, again } = await start(t)
  const { workspace, cancels } = emulator.emulator
  const session = await openSession(first.address)
  const call = await readEvents((signal) => post(first.address, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'At length' }, 'token'), session, signal))
  await until(() => call.messages.length > 0)
  first.child.kill('SIGKILL')
  await first.ended
  const { address } = await again()
  t.equal((await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }, session)).status, 202)
  await until(() => cancels.length === 1)
  const [run] = workspace.runs.values()
  await run?.finished
  t.equal(run?.message.status, 'cancelled')
})
