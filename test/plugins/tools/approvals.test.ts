import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import t, { type Test } from 'tap'
import { officialDust, valueOf } from '../../fixtures/official-dust.ts'
import { connect, startEmulator, startService } from '../../helper.ts'

async function start (t: Test, environment: Record<string, string> = {}) {
  const running = await startEmulator(t)
  const { address } = await startService(t, { ...running.environment, ...environment })
  const { client } = await connect(t, address)
  return { dust: running.emulator.emulator, official: officialDust(running), client }
}

async function call (client: Client, name: string, args: Record<string, unknown>) {
  const result = await client.callTool({ name, arguments: args })
  const content: unknown[] = Array.isArray(result.content) ? result.content : []
  return { text: String(Object(content[0]).text), isError: result.isError === true, structured: Object(result.structuredContent) }
}

/** Asks an agent that then waits for a person whom this client can't ask. */
async function startWaiting (client: Client, agent: string) {
  const { structured: { conversationId, messageId, waitingFor } } = await call(client, 'dust_ask_agent', { agent, message: 'Put the shop online' })
  return { conversationId: String(conversationId), messageId: String(messageId), actionIds: waitingFor.map(({ actionId }: { actionId: string }) => actionId) as string[] }
}

t.test('lists what waits, with all that a person must know', async (t) => {
  const { client } = await start(t)
  const { conversationId, actionIds } = await startWaiting(client, 'quartermaster')
  const { structured, text } = await call(client, 'dust_list_pending_approvals', { conversationId })
  t.match(structured.waitingFor, [
    { actionId: actionIds[0], kind: 'approval', agent: 'Quartermaster', tool: 'place_order', server: 'purchasing', stake: 'medium', inputs: { currency: 'EUR' } },
    { actionId: actionIds[1], kind: 'approval', tool: 'send_message', stake: 'low' }
  ])
  t.match(text, /Quartermaster wants to use place_order of purchasing\.[^]*actionId: [^]*send_message/)

  const { conversationId: other } = await startWaiting(client, 'concierge')
  t.match((await call(client, 'dust_list_pending_approvals', { conversationId: other })).structured.waitingFor, [
    { kind: 'answer', question: /How deep/, options: [{ label: 'Quick', description: 'One page, today' }, {}, {}], severalOptions: false }
  ])
  const { structured: { conversationId: quiet } } = await call(client, 'dust_ask_agent', { agent: 'dust', message: 'Hello' })
  t.match(await call(client, 'dust_list_pending_approvals', { conversationId: quiet }), { text: /Nothing waits/, structured: { waitingFor: [] } })
  t.match(await call(client, 'dust_list_pending_approvals', { conversationId: 'nowhere' }), { isError: true, text: /no such conversation/ })
})

t.test('passes a decision on and stays with the run until it ends, or needs the next one', async (t) => {
  const { client, dust } = await start(t)
  const { conversationId, messageId, actionIds: [order, message] } = await startWaiting(client, 'quartermaster')
  const first = await call(client, 'dust_answer_approval', { conversationId, actionId: order, decision: 'approve' })
  t.match(first.structured, { status: 'waiting_for_approval', waitingFor: [{ actionId: message, tool: 'send_message' }] })
  t.equal(first.structured.waitingFor.length, 1)
  const second = await call(client, 'dust_answer_approval', { conversationId, actionId: message, decision: 'reject' })
  t.match(second.structured, { status: 'succeeded', messageId, answer: /I ordered \d+ pieces and told nobody/ })
  t.equal(dust.workspace.runs.size, 1)
})

for (const { agent, replies, steps } of [
  { agent: 'deployer', replies: [{ decision: 'approve' }], steps: ['succeeded'] },
  { agent: 'deployer', replies: [{ decision: 'reject' }], steps: ['denied'] },
  { agent: 'quartermaster', replies: [{ decision: 'reject' }, { decision: 'approve' }], steps: ['denied', 'succeeded'] },
  { agent: 'concierge', replies: [{ options: ['Thorough'] }], steps: ['succeeded'] },
  { agent: 'teamlead', replies: [{ decision: 'approve' }], steps: ['succeeded'] }
]) {
  t.test(`the official client of Dust finds what ${agent} waits for, and what became of ${JSON.stringify(replies)}`, async (t) => {
    const { client, official } = await start(t)
    const { conversationId, messageId, actionIds } = await startWaiting(client, agent)
    const waiting = async (): Promise<string[]> => {
      const { blockedActions } = valueOf(await official.getBlockedActions({ conversationId }))
      return blockedActions.filter(({ status }) => status !== 'blocked_child_action_input_required').map(({ actionId }) => actionId)
    }
    t.same(await waiting(), actionIds)
    let answered: unknown
    for (const [index, reply] of replies.entries()) {
      answered = (await call(client, 'dust_answer_approval', { conversationId, actionId: actionIds[index], ...reply })).structured
      t.same(await waiting(), actionIds.slice(index + 1))
    }
    const message = valueOf(await official.getConversation({ conversationId })).content.flat().find(({ sId }) => sId === messageId)
    if (message?.type !== 'agent_message') throw new Error('The official client finds no answer')
    t.match(answered, { status: message.status, answer: message.content, toolSteps: message.actions.map(({ toolName, status }) => ({ tool: toolName, status })) })
    t.match(message.actions.map(({ status }) => status), steps)
    t.match(await call(client, 'dust_list_pending_approvals', { conversationId }), { text: /Nothing waits/ })
  })
}

t.test('what the official client of Dust has decided waits here no more, and its answer is there', async (t) => {
  const { client, official } = await start(t)
  const { conversationId, messageId, actionIds: [actionId = ''] } = await startWaiting(client, 'deployer')
  valueOf(await official.validateAction({ conversationId, messageId, actionId, approved: 'approved' }))
  t.match(await call(client, 'dust_answer_approval', { conversationId, actionId, decision: 'reject' }), { isError: true, text: /decided meanwhile/ })
  t.match((await call(client, 'dust_follow_run', { conversationId, messageId })).structured, { status: 'succeeded', answer: /Approved/ })
})

t.test('finds the run of a sub-agent\'s wish by the conversation that the person knows', async (t) => {
  const { client } = await start(t)
  const { conversationId, messageId, actionIds: [actionId] } = await startWaiting(client, 'teamlead')
  t.match((await call(client, 'dust_answer_approval', { conversationId, actionId, decision: 'approve' })).structured,
    { status: 'succeeded', messageId, agent: { name: 'Team lead' }, answer: /My colleague reports: Approved/ })
})

t.test('answers questions by the labels of their options and in words', async (t) => {
  const { client } = await start(t)
  const { conversationId, actionIds: [actionId] } = await startWaiting(client, 'surveyor')
  for (const [reply, complaint] of [
    [{ decision: 'approve' }, /asks a question: pass options or words/],
    [{}, /pass what the person says/],
    [{ options: ['Luck'] }, /no option "Luck"\. The options are: Price, Speed, Support, Looks/]
  ] as const) t.match(await call(client, 'dust_answer_approval', { conversationId, actionId, ...reply }), { isError: true, text: complaint })
  const first = await call(client, 'dust_answer_approval', { conversationId, actionId, options: ['Looks', ' price '] })
  t.match(first.structured, { status: 'waiting_for_answer', waitingFor: [{ kind: 'answer', options: [] }] })
  const last = await call(client, 'dust_answer_approval', { conversationId, actionId: first.structured.waitingFor[0].actionId, words: 'Make it blue' })
  t.match(last.structured, { status: 'succeeded', answer: /what matters is Looks, Price\. You added: Make it blue/ })

  const single = await startWaiting(client, 'concierge')
  t.match(await call(client, 'dust_answer_approval', { conversationId: single.conversationId, actionId: single.actionIds[0], options: ['Quick', 'Thorough'] }), { isError: true, text: /Only one/ })
})

t.test('what waits no more, never did, or waits for something else is said', async (t) => {
  const { client, dust } = await start(t)
  const { conversationId, actionIds: [actionId] } = await startWaiting(client, 'deployer')
  t.match(await call(client, 'dust_answer_approval', { conversationId, actionId }), { isError: true, text: /pass decision/ })
  t.match(await call(client, 'dust_answer_approval', { conversationId, actionId: 'none', decision: 'approve' }), { isError: true, text: new RegExp(`These wait: ${actionId}`) })
  t.match((await call(client, 'dust_answer_approval', { conversationId, actionId, decision: 'approve' })).structured, { status: 'succeeded' })
  t.match(await call(client, 'dust_answer_approval', { conversationId, actionId, decision: 'reject' }), { isError: true, text: /decided meanwhile[^]*Nothing waits there/ })

  const { conversationId: mail, actionIds: [account] } = await startWaiting(client, 'secretary')
  t.match(await call(client, 'dust_answer_approval', { conversationId: mail, actionId: account, decision: 'approve' }), { isError: true, text: /Only a person can give this/ })
  t.equal(dust.requests()['actions.validate'], 1)
})

t.test('a server that rejects every tool lets nobody approve one', async (t) => {
  const { client, dust } = await start(t, { DUST_TOOL_APPROVAL: 'reject', DUST_RUN_TIMEOUT: '5s' })
  const { run } = await startElsewhere()
  t.match(await call(client, 'dust_answer_approval', { ...run, decision: 'approve' }), { isError: true, text: /approves no tools/ })
  t.match((await call(client, 'dust_answer_approval', { ...run, decision: 'reject' })).structured, { status: 'succeeded', answer: /You rejected/ })

  /** A run that waits because nobody follows it. */
  async function startElsewhere () {
    const room = dust.workspace.open(null, 'unlisted')
    dust.workspace.post(room, { content: 'Deploy', context: { username: 'ada', timezone: 'UTC' }, mentions: [{ configurationId: 'deployer' }], skipToolsValidation: false })
    const conversationId = room.conversation.sId
    for (;;) {
      const [waiting] = dust.workspace.pending.blockedIn(conversationId)
      if (waiting !== undefined) return { run: { conversationId, actionId: waiting.actionId } }
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
})

t.test('an operator can switch them off, and no model hears of them then', async (t) => {
  const { client } = await start(t, { DUST_TOOLS: 'agents' })
  const { text } = await call(client, 'dust_ask_agent', { agent: 'deployer', message: 'Go' })
  t.notMatch(text, /dust_answer_approval/)
  t.match(text, /Open http/)
})
