import t, { type Test } from 'tap'
import type { ActionRef, DustClient, Run, RunEvent } from '../../../src/dust/client.ts'
import { startEmulator } from './emulated-dust.ts'
import { connect, fail, json, ref, startDust } from './scripted-dust.ts'

const apiKey = 'sk-demo'
const action = { ...ref, actionId: 'act1' }

async function begin (t: Test, agentId: string) {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey })
  return { dust, client, run: await client.startRun({ agentId, content: 'Deploy checkout' }) }
}

/** Follows a run to its end and has each thing that waits answered. */
async function follow (client: DustClient, run: Run, reply: (event: RunEvent['event'], ref: ActionRef) => Promise<void>): Promise<string> {
  for await (const { event } of client.messageEvents(run)) {
    if (event.type === 'tool_approve_execution' || event.type === 'tool_ask_user_question') await reply(event, event)
    if (event.type === 'run_completed') return event.message.content ?? ''
  }
  throw new Error('The run did not end.')
}

for (const [decision, answer] of [['approved', /^Approved, thank you/], ['rejected', /^You rejected the deployment/]] as const) {
  t.test(`a tool is ${decision}, and the run goes on in the same stream`, async (t) => {
    const { client, run } = await begin(t, 'deployer')
    t.match(await follow(client, run, (_event, ref) => client.validateAction(ref, decision)), answer)
    t.strictSame(await client.blockedActions(run.conversationId), [])
  })
}

t.test('two tools of one step are answered one by one', async (t) => {
  const { client, run } = await begin(t, 'quartermaster')
  const asked: object[] = []
  const answer = await follow(client, run, async (event, ref) => {
    asked.push(event)
    if (asked.length < 2) return
    t.match(await client.blockedActions(run.conversationId), [{ metadata: { toolName: 'place_order' } }, { metadata: { toolName: 'send_message' } }])
    const [order, message] = await client.blockedActions(run.conversationId)
    if (order === undefined || message === undefined) throw new Error('Two should wait.')
    await client.validateAction(order, 'rejected')
    await client.validateAction(message, 'approved')
  })
  t.match(asked, [
    { stake: 'medium', argumentsRequiringApproval: ['amount'], approvalArgsLabel: 'Number of pieces', isLastBlockingEventForStep: false },
    { stake: 'low', isLastBlockingEventForStep: true }
  ])
  t.match(answer, /ordered nothing and told the team/)
})

t.test('questions are answered with options and with words', async (t) => {
  const { client, run } = await begin(t, 'surveyor')
  const answer = await follow(client, run, async (event, ref) => {
    const [waiting] = await client.blockedActions(run.conversationId)
    t.match(waiting, { status: 'blocked_user_answer_required', question: event.type === 'tool_ask_user_question' ? event.question : {} })
    await client.answerQuestion(ref, waiting?.question?.multiSelect === true ? { selectedOptions: [0, 2] } : { selectedOptions: [], customResponse: 'by Friday' })
  })
  t.match(answer, /what matters is Price, Support\. You added: by Friday\./)
})

t.test("a sub-agent's approval has the ids of its own conversation", async (t) => {
  const { client, run } = await begin(t, 'teamlead')
  const answer = await follow(client, run, async (_event, ref) => {
    t.not(ref.conversationId, run.conversationId)
    t.match(await client.blockedActions(run.conversationId), [{ conversationId: ref.conversationId, messageId: ref.messageId, actionId: ref.actionId }])
    await t.rejects(client.validateAction({ ...run, actionId: ref.actionId }, 'approved'), { name: 'DustError', kind: 'not_found', type: 'action_not_found' })
    await client.validateAction(ref, 'approved')
  })
  t.match(answer, /My colleague reports: Approved/)
})

t.test('an approval outlives the memory of the stream', async (t) => {
  const dust = await startEmulator(t, { historyTtlMs: 0 })
  const client = connect(t, dust.baseUrl, { apiKey, timing: { idleMs: [20] } })
  const run = await client.startRun({ agentId: 'deployer', content: 'Deploy checkout' })
  let [waiting] = await client.blockedActions(run.conversationId)
  while (waiting === undefined) [waiting] = await client.blockedActions(run.conversationId)
  t.match(waiting, { status: 'blocked_validation_required', stake: 'high', inputs: { environment: 'production' }, metadata: { agentName: 'Deployer' } })
  await client.validateAction(waiting, 'approved')
  t.match(await follow(client, run, async () => {}), /^Approved/)
})

t.test('what no longer waits is refused, with what to make of it', async (t) => {
  const { client, run } = await begin(t, 'deployer')
  await follow(client, run, async (_event, ref) => {
    await client.validateAction(ref, 'approved')
    await t.rejects(client.validateAction(ref, 'rejected'), { name: 'DustError', kind: 'bad_request', type: 'action_not_blocked', retryable: false, message: /no longer waits/ })
  })
})

t.test('a reply whose confirmation was lost is sent again, and says that it may have counted', async (t) => {
  const { dust, client, run } = await begin(t, 'deployer')
  const answer = await follow(client, run, async (_event, ref) => {
    dust.emulator.faults.replace([{ kind: 'reset', operation: 'actions.validate', when: 'after' }])
    await t.rejects(client.validateAction(ref, 'approved'), { type: 'action_not_blocked', message: /maybe by this very reply/ })
    t.equal(dust.emulator.requests()['actions.validate'], 2)
  })
  t.match(answer, /^Approved/)
})

t.test('Dust says why it takes no reply only by its status', async (t) => {
  const refusals: Array<[number, string, string]> = [[500, 'internal_server_error', 'server_error'], [403, 'workspace_auth_error', 'forbidden']]
  for (const [status, type, kind] of refusals) {
    const dust = await startDust(t, (call) => { fail(call, status, type, 'Failed to validate action') })
    const client = connect(t, dust.baseUrl)
    await t.rejects(client.validateAction(action, 'approved'), { operation: 'validate_action', kind, type, retryable: false, message: /may belong to a member/ })
    await t.rejects(client.answerQuestion(action, { selectedOptions: [0] }), { operation: 'answer_question', kind, message: /may belong to a member/ })
    t.equal(dust.calls.length, 2)
  }
})

t.test('a reply is a word or a list, under the ids of its message', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, { success: true }) })
  const client = connect(t, dust.baseUrl)
  await client.validateAction(action, 'rejected')
  await client.answerQuestion(action, { selectedOptions: [1], customResponse: 'quickly' })
  t.strictSame(dust.calls.map(({ method, path, body }) => [method, path, JSON.parse(body)]), [
    ['POST', '/assistant/conversations/c1/messages/am1/validate-action', { actionId: 'act1', approved: 'rejected' }],
    ['POST', '/assistant/conversations/c1/messages/am1/answer-question', { actionId: 'act1', answer: { selectedOptions: [1], customResponse: 'quickly' } }]
  ])
})

t.test('a reply that is not confirmed is an error', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, { success: false }) })
  await t.rejects(connect(t, dust.baseUrl).validateAction(action, 'approved'), { kind: 'invalid_response', message: /did not confirm/ })
})

t.test('the words of an answer do not come back in an error', async (t) => {
  const dust = await startDust(t, (call) => { fail(call, 400, 'invalid_request_error', 'Cannot take "the secret word is plum"') })
  const answer = { selectedOptions: [], customResponse: 'the secret word is plum' }
  const error: unknown = await connect(t, dust.baseUrl).answerQuestion(action, answer).catch((error: unknown) => error)
  t.match(error, { kind: 'bad_request' })
  t.notMatch(error, { message: /plum/ })
})

t.test('a list of what waits leaves out what could not be answered', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, { blockedActions: [{ actionId: 'a' }, { ...action, status: 'blocked_of_tomorrow', metadata: {} }] }) })
  t.match(await connect(t, dust.baseUrl).blockedActions('c1'), [{ ...action, status: 'blocked_of_tomorrow' }])
})

t.test('a failed message is retried as a run of its own', async (t) => {
  const { dust, client, run } = await begin(t, 'unlucky')
  await follow(client, run, async () => {})
  const again = await client.retryMessage(run)
  t.not(again.messageId, run.messageId)
  t.match(again, { agentId: 'unlucky', conversationId: run.conversationId, userMessageId: run.userMessageId, url: run.url })
  t.match(await follow(client, again, async () => {}), /second attempt worked/)
  t.equal(dust.emulator.message(run.messageId)?.status, 'failed')
  const { content } = await client.getConversation(run.conversationId)
  t.strictSame(content.at(-1)?.map(({ sId }) => sId), [run.messageId, again.messageId])
})

t.test('a retry that may have arrived is not sent twice', async (t) => {
  const { dust, client, run } = await begin(t, 'unlucky')
  await follow(client, run, async () => {})
  dust.emulator.faults.replace([{ kind: 'reset', operation: 'messages.retry', when: 'after' }])
  await t.rejects(client.retryMessage(run), { name: 'DustError', kind: 'network', retryable: false })
  t.equal(dust.emulator.requests()['messages.retry'], 1)
  await t.rejects(client.retryMessage({ ...run, messageId: run.userMessageId }), { name: 'DustError', kind: 'bad_request', type: 'invalid_request_error' })
  await t.rejects(client.retryMessage({ ...run, messageId: 'nothing' }), { name: 'DustError', kind: 'not_found', type: 'message_not_found' })
})

t.test('a retry can be limited to what was blocked', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, call.method === 'POST' ? { message: { type: 'agent_message', sId: 'am2' } } : { conversation: { sId: 'c1', url: 'https://dust.test/c1' } }) })
  const run = await connect(t, dust.baseUrl).retryMessage(ref, { blockedOnly: true })
  t.match(run, { messageId: 'am2', userMessageId: '', url: 'https://dust.test/c1' })
  t.equal(dust.calls[0]?.query.get('blocked_only'), 'true')
})

t.test('a file that the agent may not open is told; so is a question that was refused', async (t) => {
  const { client, run } = await begin(t, 'bookkeeper')
  for await (const { event } of client.messageEvents(run)) {
    if (event.type !== 'tool_file_auth_required') continue
    t.match(event, { fileAuthError: { fileName: 'Budget 2026', toolName: 'read_spreadsheet' } })
    t.match(await client.blockedActions(run.conversationId), [{ status: 'blocked_file_authorization_required' }])
    await client.cancel(run.conversationId, [run.messageId])
  }
  const refused = await client.startRun({ agentId: 'doorman', content: 'Let me in' })
  const types = []
  for await (const { event } of client.messageEvents(refused)) types.push(event.type === 'run_completed' ? event.message.error?.code : event.type)
  t.strictSame(types.slice(-2), ['user_message_error', 'plan_message_limit_exceeded'])
})
