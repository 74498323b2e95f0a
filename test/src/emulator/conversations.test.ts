import t from 'tap'
import type { AgentMessage, Conversation } from '../../../src/dust/types.ts'
import { agentMessageIn, context, startEmulator } from './caller.ts'

interface ConversationBody { conversation: Conversation, hasMore?: boolean, lastValue?: string | null }

const notFound = { status: 404, body: { error: { type: 'conversation_not_found', message: 'Cannot access conversation: conversation_not_found' } } }

t.test('an empty conversation can be created', async (t) => {
  const { sendJson } = await startEmulator(t)
  const { status, body } = await sendJson<ConversationBody>('POST', '/assistant/conversations', {})
  t.equal(status, 200)
  t.match(body.conversation, { title: null, visibility: 'unlisted', content: [], owner: { sId: 'demo' }, url: /^https:.*\/w\/demo\/conversation\// })
  t.equal('message' in body, false)
})

t.test('an answer without blocking is still empty, and complete later', async (t) => {
  const { ask, ended, sendJson } = await startEmulator(t)
  const { cId, mId, message, agentMessage } = await ask('dust', 'Hello?')
  t.match(agentMessage, { status: 'created', content: null, parentMessageId: message.sId })
  const record = await ended(mId)
  const { body } = await sendJson<ConversationBody>('GET', `/assistant/conversations/${cId}`)
  t.match(agentMessageIn(body.conversation), { status: 'succeeded', content: record.content })
  t.equal(body.conversation.title, 'Hello?')
})

t.test('a blocking answer is complete', async (t) => {
  const { ask } = await startEmulator(t)
  t.match((await ask('researcher', 'What is basalt?', { blocking: true })).agentMessage, { status: 'succeeded', content: /basalt/ })
})

t.test('a blocking request for a failing agent succeeds with a failed message', async (t) => {
  const { ask } = await startEmulator(t)
  t.match((await ask('unlucky', 'Go', { blocking: true })).agentMessage, { status: 'failed', content: null, error: { code: 'multi_actions_error' } })
})

t.test('blocking gives up after its time, and answers with an unfinished message', async (t) => {
  const { ask, askAgain, sendJson } = await startEmulator(t, { blockingWaitMs: 1 })
  const { cId, agentMessage } = await ask('deployer', 'Deploy', { blocking: true })
  t.match(agentMessage, { status: 'created', content: null })
  const { body } = await sendJson<{ agentMessages: AgentMessage[] }>('POST', `/assistant/conversations/${cId}/messages`, { content: 'Deploy', mentions: [{ configurationId: 'deployer' }], context, blocking: true })
  t.match(body.agentMessages, [{ status: 'created', content: null }])
  t.match((await askAgain(cId, 'deployer', 'Again')).agentMessage, { status: 'created' })
})

t.test('another agent cannot be asked while one is running', async (t) => {
  const { ask, sendJson } = await startEmulator(t)
  const { cId } = await ask('deployer', 'Deploy')
  t.match(await sendJson('POST', `/assistant/conversations/${cId}/messages`, { content: 'x', mentions: [{ configurationId: 'dust' }], context }), {
    status: 400, body: { error: { type: 'invalid_request_error', message: 'Wait for current active agent to finish before calling another agent.' } }
  })
})

t.test('a follow-up remembers the question before', async (t) => {
  const { ask, askAgain, ended } = await startEmulator(t)
  const first = await ask('essayist', 'What is a fjord?')
  await ended(first.mId)
  const second = await ended((await askAgain(first.cId, 'dust', 'Where is the deepest?')).mId)
  t.match(second.content, /you asked me "What is a fjord\?".*"Where is the deepest\?"/)
  const third = await ended((await askAgain(first.cId, 'dust', 'And the longest?')).mId)
  t.match(third.content, /question 3 of our conversation; the one before was "Where is the deepest\?"/)
})

t.test('a conversation is read in pages from its end', async (t) => {
  const { ask, askAgain, ended, sendJson } = await startEmulator(t)
  const { cId, mId } = await ask('dust', 'One')
  await ended(mId)
  await ended((await askAgain(cId, 'dust', 'Two')).mId)
  const last = await sendJson<ConversationBody>('GET', `/assistant/conversations/${cId}?limit=3`)
  t.match(last.body, { hasMore: true, lastValue: '1' })
  t.equal(last.body.conversation.content.length, 3)
  const first = await sendJson<ConversationBody>('GET', `/assistant/conversations/${cId}?limit=3&lastValue=1`)
  t.match(first.body, { hasMore: false, lastValue: null, conversation: { content: [[{ content: 'One' }]] } })
  t.equal((await sendJson('GET', `/assistant/conversations/${cId}?limit=many`)).status, 400)
})

t.test('a conversation is renamed and marked as read', async (t) => {
  const { ask, sendJson } = await startEmulator(t)
  const { cId } = await ask('dust', 'Hello?')
  t.same((await sendJson('PATCH', `/assistant/conversations/${cId}`, { title: 'Greetings' })).body, { success: true })
  t.same((await sendJson('PATCH', `/assistant/conversations/${cId}`, { read: true })).body, { success: true })
  t.equal((await sendJson<ConversationBody>('GET', `/assistant/conversations/${cId}`)).body.conversation.title, 'Greetings')
  t.equal((await sendJson('PATCH', `/assistant/conversations/${cId}`, { title: 'x'.repeat(513) })).status, 400)
  t.equal((await sendJson('PATCH', `/assistant/conversations/${cId}`, {})).status, 400)
})

t.test('an unknown conversation is not found, by any means', async (t) => {
  const { sendJson } = await startEmulator(t)
  const path = '/assistant/conversations/nowhere'
  t.match(await sendJson('GET', path), notFound)
  t.match(await sendJson('PATCH', path, { read: true }), notFound)
  t.match(await sendJson('POST', `${path}/cancel`, { messageIds: [] }), notFound)
  t.match(await sendJson('POST', `${path}/messages`, { content: 'x', mentions: [], context }), notFound)
  t.match(await sendJson('POST', `${path}/messages/x/retry`), notFound)
  t.match(await sendJson('POST', `${path}/content_fragments`, { title: 'x', content: 'x', contentType: 'text/plain' }), notFound)
  t.match(await sendJson('GET', `${path}/actions/blocked`), notFound)
  t.match(await sendJson('GET', `${path}/events`), notFound)
  t.match(await sendJson('GET', `${path}/messages/x/events`), notFound)
})

t.test('an unknown message is not found, and a user message has neither events nor retries', async (t) => {
  const { ask, sendJson } = await startEmulator(t)
  const { cId, message } = await ask('dust', 'Hello?')
  const messages = `/assistant/conversations/${cId}/messages`
  t.match(await sendJson('GET', `${messages}/nothing/events`), { status: 404, body: { error: { type: 'message_not_found' } } })
  t.match(await sendJson('POST', `${messages}/nothing/retry`), { status: 404, body: { error: { type: 'message_not_found' } } })
  t.match(await sendJson('GET', `${messages}/${message.sId}/events`), {
    status: 400, body: { error: { type: 'invalid_request_error', message: 'Events are only available for agent messages.' } }
  })
  t.match(await sendJson('POST', `${messages}/${message.sId}/retry`), { status: 400, body: { error: { type: 'invalid_request_error' } } })
})

t.test('cancelling what is unknown or finished succeeds without effect', async (t) => {
  const { ask, ended, sendJson } = await startEmulator(t)
  const { cId, mId } = await ask('dust', 'Hello?')
  const before = await ended(mId)
  t.same((await sendJson('POST', `/assistant/conversations/${cId}/cancel`, { messageIds: [mId, 'nothing'] })).body, { success: true })
  t.same(await ended(mId), before)
})

t.test('a fragment needs a text with its type, a file or a node, and a reasonable size', async (t) => {
  const { ask, sendJson } = await startEmulator(t)
  const { cId } = await ask('dust', 'Hello?')
  const attach = (body: object) => sendJson('POST', `/assistant/conversations/${cId}/content_fragments`, { title: 'notes', ...body })
  t.match(await attach({ content: 'x', contentType: 'text/plain' }), { status: 200, body: { contentFragment: { contentFragmentType: 'file', textBytes: 1 } } })
  const node = { nodeId: 'notion-roadmap', nodeDataSourceViewId: 'dsv_notion' }
  t.match(await attach(node), { status: 200, body: { contentFragment: { contentFragmentType: 'content_node', nodeType: 'document', contentNodeData: { ...node, provider: 'notion', spaceName: 'Company Data' } } } })
  t.match(await attach({ nodeId: 'notion-salaries', nodeDataSourceViewId: 'dsv_notion' }), { status: 400 }, 'not seen through this view')
  t.match(await attach({ nodeId: 'notion-roadmap', nodeDataSourceViewId: 'nowhere' }), { status: 400 })
  t.match(await attach({ content: 'x', contentType: 'text/plain', fileId: 'f' }), { status: 400 })
  t.match(await attach({ content: 'x', contentType: 'image/png' }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await attach({ fileId: 'nothing' }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await attach({ content: 'x' }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
  t.match(await attach({ content: 'x'.repeat(512 * 1024 + 1), contentType: 'text/plain' }), { status: 400, body: { error: { type: 'invalid_request_error' } } })
})
