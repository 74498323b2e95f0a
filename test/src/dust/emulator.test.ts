import t, { type Test } from 'tap'
import type { DustClient, RunEvent } from '../../../src/dust/client.ts'
import type { EmulatorOptions } from '../../../src/emulator/app.ts'
import type { Fault } from '../../../src/emulator/faults/fault.ts'
import { collectEvents, disorder, startEmulator, told, type EmulatedDust } from './emulated-dust.ts'
import { connect } from './scripted-dust.ts'

const apiKey = 'sk-demo'
const content = 'What is a mutex?'

async function ask (client: DustClient, agentId: string): Promise<{ events: RunEvent[], messageId: string }> {
  const run = await client.startRun({ agentId, content })
  return { events: await collectEvents(client.messageEvents(run)), messageId: run.messageId }
}

/** The whole truth about one run: in order, and with the emulator's own ending. */
function checkRun (t: Test, { emulator }: EmulatedDust, { events, messageId }: { events: RunEvent[], messageId: string }): void {
  const record = emulator.message(messageId)
  t.strictSame(disorder(events), [])
  t.match(events.at(-1)?.event, { type: 'run_completed', message: { sId: messageId, status: record?.status, content: record?.content } })
  t.equal(events.filter(({ event }) => event.type === 'run_completed').length, 1)
}

const disturbances: Array<{ name: string, options?: EmulatorOptions, faults?: Fault[], connections: number }> = [
  { name: 'no disturbance but the redirect and the handshake', connections: 1 },
  { name: 'a server without handshake', faults: [{ kind: 'no_handshake' }], connections: 1 },
  { name: 'an event of unknown type after each known one', faults: [{ kind: 'unknown_events', rate: 1 }], connections: 1 },
  { name: 'a connection that ends after each event', options: { connectionLifetimeMs: 0 }, connections: 3 },
  { name: 'done in the middle of the answer', faults: [{ kind: 'done', afterEvents: 5, times: 3 }], connections: 4 },
  { name: 'a replay in pages of two', faults: [{ kind: 'cut', afterEvents: 0, times: 2 }, { kind: 'page', size: 2, times: 'always' }], connections: 3 },
  { name: 'cuts between two events', faults: [{ kind: 'cut', afterEvents: 3, times: 3 }], connections: 4 },
  { name: 'cuts in the middle of a frame', faults: [{ kind: 'cut', afterEvents: 3, midFrame: true, times: 3 }], connections: 4 },
  { name: 'a stream that is 404 at first', faults: [{ kind: 'error', operation: 'messages.events', status: 404, type: 'message_not_found', message: '', times: 3 }], connections: 1 },
  { name: 'a path that is 404 in plain text at first', faults: [{ kind: 'text', operation: 'messages.redirect', status: 404, times: 3 }], connections: 1 },
  { name: 'a rate limit as 403', faults: [{ kind: 'rate_limit', operation: 'messages.redirect', status: 403, times: 2 }], connections: 1 },
  { name: 'a rate limit as 429', faults: [{ kind: 'rate_limit', operation: 'messages.events', status: 429, times: 2 }], connections: 1 },
  { name: 'the error page of a proxy', faults: [{ kind: 'html', operation: 'messages.events', status: 502, times: 2 }], connections: 1 },
  { name: 'a connection that dies before its answer', faults: [{ kind: 'reset', operation: 'messages.redirect', times: 2 }], connections: 1 }
]

for (const { name, options, faults = [], connections } of disturbances) {
  t.test(`nothing is lost and nothing comes twice: ${name}`, async (t) => {
    const calm = await startEmulator(t)
    const dust = await startEmulator(t, options)
    dust.emulator.faults.replace(faults)
    const expected = await ask(connect(t, calm.baseUrl, { apiKey }), 'researcher')
    const actual = await ask(connect(t, dust.baseUrl, { apiKey }), 'researcher')
    checkRun(t, dust, actual)
    t.strictSame(told(actual.events), told(expected.events))
    t.ok((dust.emulator.message(actual.messageId)?.connections ?? 0) >= connections, 'the disturbance took place')
  })
}

t.test('a history that has expired: the conversation has the answer', async (t) => {
  const dust = await startEmulator(t)
  dust.emulator.faults.replace([{ kind: 'cut', afterEvents: 3 }, { kind: 'expired', times: 'always' }])
  const client = connect(t, dust.baseUrl, { apiKey, timing: { idleMs: [50] } })
  checkRun(t, dust, await ask(client, 'dust'))
})

t.test('a run of yesterday: its stream is silent, the conversation has the answer', async (t) => {
  const dust = await startEmulator(t, { historyTtlMs: 0 })
  const client = connect(t, dust.baseUrl, { apiKey, timing: { idleMs: [50] } })
  const run = await client.startRun({ agentId: 'dust', content })
  await collectEvents(client.messageEvents(run))
  const events = await collectEvents(client.messageEvents(run))
  t.strictSame(told(events), ['run_completed'])
  checkRun(t, dust, { events, messageId: run.messageId })
})

t.test('a stream that falls silent', async (t) => {
  const dust = await startEmulator(t)
  dust.emulator.faults.replace([{ kind: 'silent', afterEvents: 4, times: 'always' }])
  checkRun(t, dust, await ask(connect(t, dust.baseUrl, { apiKey, timing: { idleMs: [50] } }), 'researcher'))
})

t.test('a stream that never comes: the conversation is polled', async (t) => {
  const dust = await startEmulator(t)
  dust.emulator.faults.replace([{ kind: 'error', operation: 'messages.events', status: 404, type: 'message_not_found', message: '', times: 'always' }])
  checkRun(t, dust, await ask(connect(t, dust.baseUrl, { apiKey }), 'researcher'))
})

t.test('a run that is cancelled ends at once, although its stream stays open', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey })
  const run = await client.startRun({ agentId: 'deployer', content })
  const events: RunEvent[] = []
  for await (const event of client.messageEvents(run)) {
    events.push(event)
    if (event.event.type === 'tool_approve_execution') await client.cancel(run.conversationId, [run.messageId])
  }
  t.match(dust.emulator.cancels, [{ conversationId: run.conversationId, messageId: run.messageId }])
  t.match(events.slice(-2), [{ event: { type: 'agent_generation_cancelled' } }, { event: { type: 'run_completed', message: { status: 'cancelled' } } }])
  checkRun(t, dust, { events, messageId: run.messageId })
})

for (const [agentId, status, last] of [
  ['unlucky', 'failed', 'agent_error'],
  ['archivist', 'failed', 'tool_error'],
  ['sprinter', 'succeeded', 'agent_message_gracefully_stopped'],
  ['novelist', 'succeeded', 'agent_message_success']
] as const) {
  t.test(`the run of ${agentId} ends as ${status}, after ${last}`, async (t) => {
    const dust = await startEmulator(t)
    const answered = await ask(connect(t, dust.baseUrl, { apiKey, timing: { idleAfterToolErrorMs: 20 } }), agentId)
    t.strictSame(told(answered.events).slice(-2), [last, 'run_completed'])
    t.equal(dust.emulator.message(answered.messageId)?.status, status)
    checkRun(t, dust, answered)
  })
}

t.test('a reader that left comes back after its last event, and misses nothing', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey })
  const run = await client.startRun({ agentId: 'researcher', content })
  const before: RunEvent[] = []
  for await (const event of client.messageEvents(run)) {
    before.push(event)
    if (before.length === 7) break
  }
  const lastEventId = before.at(-1)?.id ?? ''
  const after = await collectEvents(connect(t, dust.baseUrl, { apiKey }).messageEvents(run, { lastEventId }))
  const whole = await collectEvents(client.messageEvents(run))
  t.strictSame([...before, ...after], whole)
})

for (const when of ['before', 'after', 'mid_answer'] as const) {
  t.test(`a connection that is reset ${when} a message is taken: it's never sent again`, async (t) => {
    const dust = await startEmulator(t)
    const client = connect(t, dust.baseUrl, { apiKey })
    const { conversationId } = await client.startRun({ agentId: 'dust', content })
    dust.emulator.faults.replace([{ kind: 'reset', operation: 'conversations.create', when }, { kind: 'reset', operation: 'messages.create', when }])
    await t.rejects(client.startRun({ agentId: 'dust', content }), { name: 'DustError', kind: 'network', retryable: false })
    await t.rejects(client.startRun({ agentId: 'dust', content, conversationId }), { name: 'DustError', kind: 'network', retryable: false })
    t.match(dust.emulator.requests(), { 'conversations.create': 2, 'messages.create': 1 })
    const messages = (await client.getConversation(conversationId)).content.flat().filter(({ type }) => type === 'user_message')
    t.equal(messages.length, when === 'before' ? 1 : 2)
  })
}

t.test('a GET whose answer is cut is asked again', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey })
  dust.emulator.faults.replace([
    { kind: 'reset', operation: 'agents.list', when: 'mid_answer' },
    { kind: 'html', operation: 'agents.list', status: 502 },
    { kind: 'rate_limit', operation: 'agents.list', status: 403 }
  ])
  const agents = await client.listAgents()
  t.ok(agents.some(({ sId }) => sId === 'dust'))
  t.notOk(agents.some(({ sId }) => sId === 'retired'))
})

t.test('a Dust without /exists', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey })
  dust.emulator.faults.replace([{ kind: 'text', operation: 'exists', status: 404 }])
  await client.checkWorkspace()
  t.match(dust.emulator.requests(), { exists: 1, 'spaces.list': 1 })
})

t.test('a wrong key, a wrong workspace, a wrong agent', async (t) => {
  const { baseUrl } = await startEmulator(t)
  await t.rejects(connect(t, baseUrl, { apiKey: 'sk-wrong' }).checkWorkspace(), { name: 'DustError', kind: 'unauthorized', type: 'invalid_api_key_error' })
  await t.rejects(connect(t, baseUrl, { apiKey, workspaceId: 'nowhere' }).checkWorkspace(), { name: 'DustError', kind: 'not_found', type: 'workspace_not_found' })
  await t.rejects(connect(t, baseUrl, { apiKey }).getAgent('nobody'), { name: 'DustError', kind: 'not_found', type: 'agent_configuration_not_found' })
  await t.rejects(connect(t, baseUrl, { apiKey }).startRun({ agentId: 'nobody', content }), { name: 'DustError', kind: 'not_found', message: /No agent answers/ })
})

t.test('a conversation goes on', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey })
  const first = await client.startRun({ agentId: 'dust', content })
  await collectEvents(client.messageEvents(first))
  const second = await client.startRun({ agentId: 'dust', content: 'And a semaphore?', conversationId: first.conversationId })
  t.equal(second.conversationId, first.conversationId)
  t.equal(second.url, first.url)
  checkRun(t, dust, { events: await collectEvents(client.messageEvents(second)), messageId: second.messageId })
})
