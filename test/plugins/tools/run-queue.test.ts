import t, { type Test } from 'tap'
import { connectAs } from '../../e2e/clients/connect-as.ts'
import { readMetrics } from '../../fixtures/metrics.ts'
import { answerOf, openSession, post, startEmulator, startService, toolCall, until } from '../../helper.ts'

const TOKENS = { ada: 'the-token-of-ada-lovelace', bob: 'the-token-of-bob-the-builder' }

type Caller = keyof typeof TOKENS

/** A server that runs one agent at a time, and callers who each have a session. */
async function start (t: Test) {
  const { emulator, environment } = await startEmulator(t, { pace: 1 })
  const dust = emulator.emulator
  const { address } = await startService(t, {
    ...environment,
    DUST_MAX_RUNS: '1',
    AUTH_MODE: 'token',
    AUTH_TOKENS: Object.entries(TOKENS).map(([name, token]) => `${name}:${token}`).join()
  })
  let id = 0
  const ask = async (caller: Caller, message: string, signal?: AbortSignal) => {
    const authorization = { authorization: `Bearer ${TOKENS[caller]}` }
    const session = await openSession(address, {}, authorization)
    const response = await post(address, toolCall(++id, 'dust_ask_agent', { agent: 'essayist', message }, `token ${id}`), { ...session, ...authorization }, signal)
    return response
  }
  return {
    address,
    dust,
    ask,
    asked: () => [...dust.workspace.runs.values()].map(({ order }) => order.prompt),
    /** Asks, and resolves when the question waits for another run to end. */
    queue: async (caller: Caller, message: string) => {
      const response = await ask(caller, message)
      const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
      let text = ''
      while (!text.includes('Waiting for another run to end')) text += (await reader?.read())?.value ?? ''
      return async () => {
        for (;;) {
          const { done, value = '' } = await reader?.read() ?? { done: true }
          text += value
          if (done) return text
        }
      }
    }
  }
}

t.test('callers take turns: who has asked least lately is next, however many others wait', async (t) => {
  const { dust, ask, queue, asked } = await start(t)
  const first = await ask('ada', 'A1')
  await until(() => asked().length === 1)
  const waiting = [await queue('ada', 'A2'), await queue('bob', 'B1')]
  t.same(asked(), ['A1'])
  dust.pace.factor = 0
  t.match(await answerOf(first), { result: { structuredContent: { status: 'succeeded' } } })
  for (const answer of waiting) t.match(await answer(), /"status":"succeeded"/)
  t.same(asked(), ['A1', 'B1', 'A2'])
})

t.test('a run that waits for a person keeps nobody else out', async (t) => {
  const { emulator: { emulator: dust }, environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, DUST_MAX_RUNS: '1' })
  const person = Promise.withResolvers<{ action: 'accept', content: { decision: string } }>()
  const asking = await connectAs(t, 'SDK v1', address, { person: () => person.promise })
  const waiting = asking.call('dust_ask_agent', { agent: 'deployer', message: 'Put the shop online' })
  await until(() => [...dust.workspace.rooms.keys()].some((room) => dust.workspace.pending.blockedIn(room).length > 0))
  const other = await connectAs(t, 'SDK v1', address)
  t.match((await other.call('dust_ask_agent', { agent: 'dust', message: 'Hello' })).structured, { status: 'succeeded' })
  t.equal((await readMetrics(address)).value('mcp_dust_server_agent_runs_in_progress'), 0)
  person.resolve({ action: 'accept', content: { decision: 'approve' } })
  t.match((await waiting).structured, { status: 'succeeded', answer: /Approved/ })
  t.equal((await readMetrics(address)).value('mcp_dust_server_agent_runs_in_progress'), 0)
})

t.test('who has as many waiting as may run is refused, and only they', async (t) => {
  const { address, dust, ask, queue, asked } = await start(t)
  const first = await ask('ada', 'A1')
  await until(() => asked().length === 1)
  const second = await queue('ada', 'A2')
  t.match(await answerOf(await ask('ada', 'A3')), { result: { isError: true, content: [{ text: /runs 1 agents already, which is its limit, and as many of your questions wait already\. Try again in a minute/ }] } })
  const other = await queue('bob', 'B1')
  const metrics = await readMetrics(address)
  t.equal(metrics.value('mcp_dust_server_agent_runs_rejected_total', { reason: 'concurrency' }), 1)
  t.equal(metrics.value('mcp_dust_server_agent_runs_in_progress'), 1)
  dust.pace.factor = 0
  await answerOf(first)
  for (const answer of [second, other]) t.match(await answer(), /"status":"succeeded"/)
  t.notOk(asked().includes('A3'))
  t.equal((await readMetrics(address)).value('mcp_dust_server_agent_runs_in_progress'), 0)
})
