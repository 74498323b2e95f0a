import path from 'node:path'
import t, { type Test } from 'tap'
import { freePort } from '../fixtures/free-port.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { answerOf, messagesOf, startEmulator, until } from '../helper.ts'
import { connectAs } from './clients/connect-as.ts'
import { startServerProcess } from './server-process.ts'

const KEY = 'only-the-replicas-know-this-key-of-theirs'
const approve = { action: 'accept', content: { decision: 'approve' } } as const

/** A server that is killed and begins anew at the same address, with the same store and key. */
async function start (t: Test, environment: Record<string, string> = {}) {
  const { emulator, environment: access } = await startEmulator(t, { pace: 0.1 })
  const settings = { ...access, STORE_URL: `sqlite:${path.join(t.testdir(), 'store.db')}`, REQUEST_STATE_KEY: KEY, PORT: String(await freePort()), ...environment }
  let server = await startServerProcess(t, settings)
  return {
    dust: emulator.emulator,
    address: server.address,
    restart: async () => {
      server.child.kill('SIGKILL')
      await server.ended
      server = await startServerProcess(t, settings)
    }
  }
}

for (const kind of ['SDK v1', 'SDK v2', 'SDK v2 pinned'] as const) {
  t.test(`${kind}: the server is killed while an approval waits, and the answer reaches the agent`, async (t) => {
    const { dust, address, restart } = await start(t)
    const questions: string[] = []
    const client = await connectAs(t, kind, address, {
      person: async ({ message }) => {
        questions.push(message)
        await restart()
        return approve
      }
    })
    const pieces: string[] = []
    const { structured } = await client.call('dust_ask_agent', { agent: 'deployer', message: 'Put the shop online' }, {
      onProgress: ({ kind: sort, message }) => { if (sort === 'text') pieces.push(message) }
    })
    t.match(structured, { status: 'succeeded', answer: /Approved/ })
    t.equal(questions.length, 1, 'the person was asked once')
    t.equal(dust.workspace.runs.size, 1, 'and so was the agent')
    t.equal(pieces.join('').split('so I ask first').length, 2, 'what the agent said before was told once')
  })
}

for (const kind of ['SDK v1', 'SDK v2 pinned'] as const) {
  t.test(`${kind}: the server is killed while two approvals wait`, async (t) => {
    const { dust, address, restart } = await start(t)
    let restarted: Promise<void> | undefined
    const client = await connectAs(t, kind, address, {
      person: async () => {
        await until(() => [...dust.workspace.rooms.keys()].flatMap((room) => dust.workspace.pending.blockedIn(room)).length === 2)
        restarted ??= restart()
        await restarted
        return approve
      }
    })
    const { structured } = await client.call('dust_ask_agent', { agent: 'quartermaster', message: 'Paper' })
    t.match(structured, { status: 'succeeded', answer: /I ordered \d+ pieces and told the team/ })
    t.equal(dust.workspace.runs.size, 1)
  })
}

t.test('a client without sessions brings its answer to a fresh process, twice: one run, one decision, no text again', async (t) => {
  const { dust, address, restart } = await start(t, { STORE_URL: 'sqlite::memory:' })
  const call = async (more: Record<string, unknown> = {}) => postStateless(address, 'tools/call', { name: 'dust_ask_agent', arguments: { agent: 'deployer', message: 'Put the shop online' }, ...more },
    { capabilities: { elicitation: {} }, progressToken: 'token' })
  const first = messagesOf(await (await call()).text()).map((message) => Object(message))
  const { requestState, inputRequests } = first.at(-1).result
  const [[key, question] = []] = Object.entries(Object(inputRequests))
  t.match(question, { method: 'elicitation/create', params: { message: /deploy_service/ } })
  t.match(textIn(first), /so I ask first/)

  await restart()
  const answer = { requestState, inputResponses: { [String(key)]: approve } }
  const [second, third] = await Promise.all([call(answer), call(answer)])
  const messages = messagesOf(await second.text()).map((message) => Object(message))
  t.match(messages.at(-1), { result: { structuredContent: { status: 'succeeded', answer: /Approved/ } } })
  t.match(await answerOf(third), { result: { structuredContent: { status: 'succeeded', answer: messages.at(-1).result.structuredContent.answer } } })
  t.notMatch(textIn(messages), /so I ask first/)
  t.equal(textIn(messages), messages.at(-1).result.structuredContent.answer)
  const numbers = [...first, ...messages].map(({ params }) => params?.progress).filter((number) => number !== undefined)
  t.same(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'progress goes on where it was')
  t.equal(dust.workspace.runs.size, 1)
})

function textIn (messages: Array<{ params?: { message?: string, _meta?: Record<string, unknown> } }>): string {
  return messages.filter(({ params }) => params?._meta?.['mcp-dust-server/kind'] === 'text').map(({ params }) => params?.message).join('')
}
