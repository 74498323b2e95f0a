import t from 'tap'
import type { BlockedAction } from '../../../src/dust/types.ts'
import { context, startEmulator } from './caller.ts'

async function startBlocked (t: Parameters<typeof startEmulator>[0], agentId: string, extras: object = {}) {
  const started = await startEmulator(t)
  const asked = await started.ask(agentId, 'Deploy checkout', extras)
  const blocked = async () => (await started.sendJson<{ blockedActions: BlockedAction[] }>('GET', `/assistant/conversations/${asked.cId}/actions/blocked`)).body.blockedActions
  const reply = (verb: 'validate-action' | 'answer-question', body: object, { conversationId, messageId } = { conversationId: asked.cId, messageId: asked.mId }) =>
    started.sendJson('POST', `/assistant/conversations/${conversationId}/messages/${messageId}/${verb}`, body)
  return { ...started, ...asked, blocked, reply }
}

async function actionIdIn ({ readUntil, path }: Awaited<ReturnType<typeof startBlocked>>, type: string): Promise<string> {
  return String((await readUntil(path, type)).data['actionId'])
}

t.test('a rejected tool does not run, and the agent answers accordingly', async (t) => {
  const started = await startBlocked(t, 'deployer')
  const actionId = await actionIdIn(started, 'tool_approve_execution')
  t.match(await started.reply('validate-action', { actionId, approved: 'rejected' }), { status: 200, body: { success: true } })
  t.match((await started.ended(started.mId)).content, /You rejected the deployment/)
  const { frames } = await started.connect(started.path)
  t.match(frames.find(({ data }) => data.type === 'agent_action_success'), { data: { action: { status: 'denied' } } })
})

t.test('always_approved acts like approved', async (t) => {
  const started = await startBlocked(t, 'deployer')
  const actionId = await actionIdIn(started, 'tool_approve_execution')
  await started.reply('validate-action', { actionId, approved: 'always_approved' })
  t.match((await started.ended(started.mId)).content, /^Approved/)
})

t.test('a request for approval is gone from the history once answered', async (t) => {
  const started = await startBlocked(t, 'deployer')
  const actionId = await actionIdIn(started, 'tool_approve_execution')
  await started.reply('validate-action', { actionId, approved: 'approved' })
  await started.ended(started.mId)
  const { frames } = await started.connect(started.path)
  t.ok(frames.some(({ data }) => data.type === 'tool_params'))
  t.notOk(frames.some(({ data }) => data.type === 'tool_approve_execution'))
})

t.test('skipToolsValidation runs the tool without asking', async (t) => {
  const started = await startBlocked(t, 'deployer', { skipToolsValidation: true })
  t.match((await started.ended(started.mId)).content, /^Approved/)
})

t.test('an approval is a word, answered once, by its own ids', async (t) => {
  const started = await startBlocked(t, 'deployer')
  const { reply, cId, mId } = started
  const actionId = await actionIdIn(started, 'tool_approve_execution')
  t.match(await reply('validate-action', { actionId, approved: true }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await reply('validate-action', { actionId: 'nothing', approved: 'approved' }), { status: 404, body: { error: { type: 'action_not_found' } } })
  t.match(await reply('validate-action', { actionId, approved: 'approved' }, { conversationId: 'nowhere', messageId: mId }), { status: 404, body: { error: { type: 'conversation_not_found' } } })
  t.match(await reply('validate-action', { actionId, approved: 'approved' }, { conversationId: cId, messageId: 'nothing' }), { status: 404, body: { error: { type: 'action_not_found' } } })
  t.match(await reply('answer-question', { actionId, answer: { selectedOptions: [0] } }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await reply('validate-action', { actionId, approved: 'approved' }), { status: 200 })
  t.match(await reply('validate-action', { actionId, approved: 'approved' }), { status: 400, body: { error: { type: 'action_not_blocked' } } })
})

t.test('a message that belongs to a member cannot be approved with a key', async (t) => {
  const message = { content: 'Deploy', mentions: [{ configurationId: 'deployer' }], context: { ...context, email: 'ada@example.com' } }
  const started = await startBlocked(t, 'deployer', { message })
  t.match(started.message.user, { username: 'ada' })
  const actionId = await actionIdIn(started, 'tool_approve_execution')
  t.match(await started.reply('validate-action', { actionId, approved: 'approved' }), {
    status: 500, body: { error: { type: 'internal_server_error', message: 'Failed to validate action' } }
  })
})

t.test('what a sub-agent wants approved carries the ids of its own conversation', async (t) => {
  const started = await startBlocked(t, 'teamlead')
  const { data } = await started.readUntil(started.path, 'tool_approve_execution')
  const child = { conversationId: String(data['conversationId']), messageId: String(data['messageId']) }
  t.not(child.conversationId, started.cId)
  t.not(child.messageId, started.mId)
  t.match(await started.blocked(), [{ ...child, actionId: data['actionId'] }])
  const body = { actionId: data['actionId'], approved: 'approved' }
  t.match(await started.reply('validate-action', body), { status: 404, body: { error: { type: 'action_not_found' } } })
  t.match(await started.reply('validate-action', body, child), { status: 200 })
  t.match((await started.ended(started.mId)).content, /My colleague reports: Approved/)
})

t.test('cancelling a message that waits for approval ends it, and its sub-agent', async (t) => {
  const started = await startBlocked(t, 'teamlead')
  const { data } = await started.readUntil(started.path, 'tool_approve_execution')
  await started.sendJson('POST', `/assistant/conversations/${started.cId}/cancel`, { messageIds: [started.mId] })
  t.equal((await started.ended(started.mId)).status, 'cancelled')
  t.equal((await started.ended(String(data['messageId']))).status, 'cancelled')
  t.same(await started.blocked(), [])
})

t.test('a question takes options that exist', async (t) => {
  const started = await startBlocked(t, 'concierge')
  const { data } = await started.readUntil(started.path, 'tool_ask_user_question')
  t.match(data['question'], { multiSelect: false, options: [{ label: 'Quick' }, {}, { description: null }] })
  t.match(await started.blocked(), [{ status: 'blocked_user_answer_required', question: { options: [{}, {}, {}] } }])
  const actionId = data['actionId']
  t.match(await started.reply('answer-question', { actionId, answer: { selectedOptions: [3] } }), { status: 400 })
  t.match(await started.reply('answer-question', { actionId, answer: { selectedOptions: ['Quick'] } }), { status: 400 })
  t.match(await started.reply('answer-question', { actionId, answer: { selectedOptions: [0] } }), { status: 200, body: { success: true } })
  t.match((await started.ended(started.mId)).content, /You chose: Quick\./)
})

t.test('an account cannot be connected from here', async (t) => {
  const started = await startBlocked(t, 'secretary')
  const actionId = await actionIdIn(started, 'tool_personal_auth_required')
  t.match(await started.blocked(), [{ status: 'blocked_authentication_required' }])
  t.match(await started.reply('validate-action', { actionId, approved: 'approved' }), { status: 500 })
})

t.test('a question to a member cannot be answered with a key', async (t) => {
  const message = { content: 'Plan', mentions: [{ configurationId: 'concierge' }], context: { ...context, email: 'ada@example.com' } }
  const started = await startBlocked(t, 'concierge', { message })
  const actionId = await actionIdIn(started, 'tool_ask_user_question')
  t.match(await started.reply('answer-question', { actionId, answer: { selectedOptions: [0] } }), { status: 403, body: { error: { type: 'workspace_auth_error' } } })
})

t.test('the message goes on only after the last of its approvals', async (t) => {
  const started = await startBlocked(t, 'quartermaster')
  await started.readUntil(started.path, 'tool_approve_execution')
  const [first, second] = await started.blocked()
  await started.reply('validate-action', { actionId: first?.actionId, approved: 'approved' })
  t.match(await started.blocked(), [{ actionId: second?.actionId }])
  t.equal(started.app.emulator.message(started.mId)?.status, 'created')
  await started.reply('validate-action', { actionId: second?.actionId, approved: 'rejected' })
  t.match((await started.ended(started.mId)).content, /I ordered \d\d pieces and told nobody/)
})
