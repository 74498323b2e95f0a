import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import t, { type Test } from 'tap'
import { readMetrics } from '../../fixtures/metrics.ts'
import { connect, startEmulator, startService, until } from '../../helper.ts'

async function start (t: Test, environment: Record<string, string> = {}, pace = 1) {
  const { emulator, environment: access } = await startEmulator(t, { pace })
  const { address } = await startService(t, { ...access, ...environment })
  const { client } = await connect(t, address)
  return { dust: emulator.emulator, client, address }
}

async function call (client: Client, name: string, args: Record<string, unknown>, options: { signal?: AbortSignal, onProgress?: (message: string, kind: unknown) => void } = {}) {
  const { signal, onProgress } = options
  const result = await client.callTool({ name, arguments: args }, undefined, {
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onprogress: (progress) => { onProgress(progress.message ?? '', Object(Object(progress)._meta)['mcp-dust-server/kind']) } })
  })
  const content: unknown[] = Array.isArray(result.content) ? result.content : []
  return { text: String(Object(content[0]).text), isError: result.isError === true, structured: Object(result.structuredContent) }
}

const essay = { agent: 'essayist', message: 'Take your time' }

t.test('a run that outlives its call is followed to its end by its ids', async (t) => {
  const { dust, client } = await start(t, { DUST_RUN_TIMEOUT: '2s' })
  const { structured: { conversationId, messageId, status, answer }, text } = await call(client, 'dust_ask_agent', essay)
  t.equal(status, 'running')
  t.match(text, /hasn't finished within 2 s\. The agent goes on\. Stay with it with dust_follow_run\. Read its answer later with dust_get_conversation\./)
  dust.pace.factor = 0.05
  let streamed = ''
  let followed
  do {
    streamed = ''
    followed = await call(client, 'dust_follow_run', { conversationId, messageId }, { onProgress: (piece, kind) => { if (kind === 'text') streamed += piece } })
  } while (followed.structured.status === 'running') // on a busy machine
  t.match(followed.structured, { status: 'succeeded', conversationId, messageId, answer: dust.message(messageId)?.content })
  t.ok(followed.structured.answer.startsWith(answer), 'the partial answer was its beginning')
  t.equal(streamed, followed.structured.answer, 'it comes from its beginning')
  t.equal(dust.workspace.runs.size, 1)

  const again = await call(client, 'dust_follow_run', { conversationId })
  t.same(again.structured, followed.structured, 'of a run that has ended it tells the end')
})

t.test('whoever stops following lets the run go on', async (t) => {
  const { dust, client, address } = await start(t, { DUST_RUN_TIMEOUT: '300ms' })
  const { structured: { conversationId } } = await call(client, 'dust_ask_agent', essay)
  const left = new AbortController()
  await t.rejects(call(client, 'dust_follow_run', { conversationId }, { signal: left.signal, onProgress: () => { left.abort() } }))
  await until(async () => (await readMetrics(address)).value('mcp_dust_server_agent_runs_in_progress') === 0)
  t.equal(dust.cancels.length, 0)
})

t.test('whoever follows a run that waits for a person is told so', async (t) => {
  const { client } = await start(t, {}, 0)
  const { structured: { conversationId, messageId } } = await call(client, 'dust_ask_agent', { agent: 'teamlead', message: 'Go' })
  t.match((await call(client, 'dust_follow_run', { conversationId })).structured, { status: 'waiting_for_approval', messageId, waitingFor: [{ agent: 'Deployer' }] })
})

t.test('stops a run, or all of a conversation, and says when there was none', async (t) => {
  const { dust, client } = await start(t, { DUST_RUN_TIMEOUT: '300ms' })
  const { structured: { conversationId, messageId } } = await call(client, 'dust_ask_agent', essay)
  t.match((await call(client, 'dust_cancel_run', { conversationId, messageId: 'another' })).structured, { stopped: [] })
  t.match(await call(client, 'dust_cancel_run', { conversationId }), { text: 'Dust was told to stop Essayist.', structured: { conversationId, stopped: [messageId] } })
  await until(() => dust.message(messageId)?.status === 'cancelled')
  t.match(await call(client, 'dust_cancel_run', { conversationId, messageId }), { isError: false, text: /ended already/, structured: { stopped: [] } })
  t.match((await call(client, 'dust_follow_run', { conversationId })).structured, { status: 'cancelled', messageId })
  t.match(await call(client, 'dust_cancel_run', { conversationId: 'nowhere' }), { isError: true, text: /no such conversation/ })
})

t.test('a failed run is repeated, and its new answer takes the place of the old one', async (t) => {
  const { dust, client } = await start(t, {}, 0)
  const { structured: failed, isError } = await call(client, 'dust_ask_agent', { agent: 'unlucky', message: 'Try' })
  t.equal(isError, true)
  const retried = await call(client, 'dust_retry_message', { conversationId: failed.conversationId, messageId: failed.messageId })
  t.match(retried.structured, { status: 'succeeded', agent: { id: 'unlucky' }, conversationId: failed.conversationId, answer: /second attempt worked/ })
  t.not(retried.structured.messageId, failed.messageId)
  const { structured: { messages } } = await call(client, 'dust_get_conversation', { conversationId: failed.conversationId })
  t.match(messages, [{ from: 'user' }, { id: retried.structured.messageId, status: 'succeeded' }])
  t.equal(dust.workspace.runs.size, 2)
})

t.test('a run that is not over, or was never begun, is not repeated', async (t) => {
  const { dust, client } = await start(t, { DUST_RUN_TIMEOUT: '300ms' })
  const { structured: { conversationId } } = await call(client, 'dust_ask_agent', essay)
  t.match(await call(client, 'dust_retry_message', { conversationId }), { isError: true, text: /still runs/ })
  t.match(await call(client, 'dust_retry_message', { conversationId, messageId: 'none' }), { isError: true, text: /no answer of an agent with this messageId/ })
  const empty = dust.workspace.open(null, 'unlisted').conversation.sId
  for (const tool of ['dust_retry_message', 'dust_follow_run']) t.match(await call(client, tool, { conversationId: empty }), { isError: true, text: /No agent was asked/ })
  t.equal(dust.workspace.runs.size, 1)
})

t.test('a call that repeats a run takes it along when it is cancelled', async (t) => {
  const { dust, client } = await start(t, {}, 0)
  const { structured: { conversationId } } = await call(client, 'dust_ask_agent', essay)
  dust.pace.factor = 1
  const cancelled = new AbortController()
  await t.rejects(call(client, 'dust_retry_message', { conversationId }, { signal: cancelled.signal, onProgress: () => { cancelled.abort() } }))
  await until(() => dust.cancels.length === 1)
})
