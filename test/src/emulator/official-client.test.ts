import { createHash } from 'node:crypto'
import { AgentMessageEventDataSchema, ConversationEventDataSchema, DustAPI, SearchDataSourceViewsResponseSchema, type AgentEvent } from '@dust-tt/client'
import t from 'tap'
import type { EmulatorOptions } from '../../../src/emulator/app.ts'
import { startEmulator } from './caller.ts'

const context = { username: 'tester', timezone: 'Europe/Paris', origin: 'api' as const }
const options = { maxReconnectAttempts: 10, reconnectDelay: 1, autoReconnect: true }
const unknownTypes = ['agent_message_consumption_updated', 'agent_mood_changed', 'heartbeat_v2', 'end-of-stream']
const silence = { error () {}, info () {}, warn () {}, trace () {} }

async function startClient (test: Parameters<typeof startEmulator>[0], settings: EmulatorOptions = {}) {
  const started = await startEmulator(test, settings)
  const client = new DustAPI({ url: started.url }, { workspaceId: 'demo', apiKey: 'sk-demo' }, silence)

  async function create (agentId: string, content: string) {
    const { conversation, message } = value(await client.createConversation({
      title: null,
      visibility: 'unlisted',
      message: { content, mentions: [{ configurationId: agentId }], context }
    }))
    if (message === undefined) throw new Error('no message')
    return { conversation, message }
  }

  async function streamOf (asked: Awaited<ReturnType<typeof create>>, signal?: AbortSignal) {
    const { eventStream } = value(await client.streamAgentAnswerEvents({ conversation: asked.conversation, userMessageId: asked.message.sId, options, ...(signal === undefined ? {} : { signal }) }))
    return eventStream
  }

  return { ...started, client, create, streamOf }
}

function value<Value> (result: { isErr: () => boolean, value?: Value, error?: unknown }): Value {
  if (result.value === undefined) throw new Error(JSON.stringify(result.error))
  return result.value
}

async function read (events: AsyncGenerator<AgentEvent>, until: (event: AgentEvent) => Promise<boolean> | boolean = () => false): Promise<AgentEvent[]> {
  const seen: AgentEvent[] = []
  for await (const event of events) {
    seen.push(event)
    if (await until(event)) break
  }
  return seen
}

t.test('the client lists the agents that can be asked', async (t) => {
  const { client } = await startClient(t)
  const agents = value(await client.getAgentConfigurations({}))
  t.ok(agents.filter(({ status }) => status === 'active').length >= 7)
  t.match(agents.find(({ sId }) => sId === 'dust'), { name: 'dust', scope: 'global', status: 'active' })
  t.equal(agents.some(({ sId }) => sId === 'retired'), false)
})

t.test('the client reads an answer to its end over several connections, and loses nothing', async (t) => {
  const { create, streamOf, app, ended } = await startClient(t, { connectionLifetimeMs: 0 })
  const asked = await create('dust', 'How do I brew coffee?')
  const events = await read(await streamOf(asked))
  const last = events.find((event) => event.type === 'agent_message_success')
  const messageId = last?.messageId ?? ''
  const record = await ended(messageId)
  t.equal(last?.message.content, record.content)
  t.match(record.content, /How do I brew coffee\?/)
  t.equal(record.connections >= 2, true)
  const tokens = events.filter((event) => event.type === 'generation_tokens' && event.classification === 'tokens')
  t.equal(tokens.map((event) => event.type === 'generation_tokens' ? event.text : '').join(''), record.content)
  t.equal(app.emulator.requests()['messages.events'], record.connections)
  t.equal(app.emulator.requests()['messages.redirect'], record.connections)
})

t.test('each known event passes the client\'s own schema', async (t) => {
  const { create, connect, ended, client, readUntil } = await startClient(t, { pageSize: 10_000 })
  const seen = new Set<string>()
  for (const agentId of ['dust', 'essayist', 'researcher', 'unlucky']) {
    const asked = await create(agentId, 'What is a tariff?')
    const [message] = asked.conversation.content.at(-1) ?? []
    await ended(message?.sId ?? '')
    const { frames } = await connect(`${asked.conversation.sId}/messages/${message?.sId}`)
    const known = frames.map(({ data }) => data).filter(({ type }) => !unknownTypes.includes(type))
    for (const { type } of known) seen.add(type)
    t.same(known.filter((data) => !AgentMessageEventDataSchema.safeParse(data).success), [], agentId)
  }
  for (const [agentId, type] of [['deployer', 'tool_approve_execution'], ['concierge', 'tool_ask_user_question'], ['teamlead', 'tool_approve_execution'],
    ['secretary', 'tool_personal_auth_required'], ['bookkeeper', 'tool_file_auth_required'], ['doorman', 'user_message_error'], ['archivist', 'tool_error'], ['sprinter', 'agent_message_gracefully_stopped']] as const) {
    const asked = await create(agentId, 'Do the thing')
    const [message] = asked.conversation.content.at(-1) ?? []
    const { data } = await readUntil(`${asked.conversation.sId}/messages/${message?.sId}`, type)
    seen.add(data.type)
    t.ok(AgentMessageEventDataSchema.safeParse(data).success, `${agentId} ${type}`)
    await client.cancelMessageGeneration({ conversationId: asked.conversation.sId, messageIds: [message?.sId ?? ''] })
  }
  t.same([...seen].sort(), ['agent_action_success', 'agent_error', 'agent_message_gracefully_stopped', 'agent_message_success', 'generation_tokens', 'tool_approve_execution',
    'tool_ask_user_question', 'tool_call_started', 'tool_error', 'tool_file_auth_required', 'tool_notification', 'tool_params', 'tool_personal_auth_required', 'user_message_error'])
})

t.test('the client follows a conversation, and each of its events passes the client\'s own schema', async (t) => {
  const { client } = await startClient(t)
  const { conversation } = value(await client.createConversation({ title: null, visibility: 'unlisted' }))
  const hangUp = new AbortController()
  const { eventStream } = value(await client.streamConversationEvents({ conversationId: conversation.sId, signal: hangUp.signal, options }))
  const first = eventStream.next()
  await client.postUserMessage({ conversationId: conversation.sId, message: { content: 'Hello?', mentions: [{ configurationId: 'dust' }], context } })
  const types = [(await first).value]
  for await (const event of eventStream) {
    types.push(event)
    if (event.type === 'agent_message_done') break
  }
  hangUp.abort()
  t.same(types.map((event) => event?.type), ['user_message_new', 'conversation_title', 'agent_message_new', 'agent_message_done'])
  for (const event of types) t.ok(ConversationEventDataSchema.safeParse(event).success, event?.type ?? 'nothing')
})

t.test('the client cancels a message; the emulator remembers it', async (t) => {
  const { client, create, streamOf, control, ended } = await startClient(t, { pace: 1 })
  const asked = await create('essayist', 'What is time?')
  const hangUp = new AbortController()
  const events = await read(await streamOf(asked, hangUp.signal), async (event) => {
    if (event.type === 'generation_tokens' && event.classification === 'chain_of_thought') {
      await client.cancelMessageGeneration({ conversationId: asked.conversation.sId, messageIds: [event.messageId] })
    }
    return event.type === 'agent_generation_cancelled'
  })
  hangUp.abort()
  const last = events.at(-1)
  if (last?.type !== 'agent_generation_cancelled') throw new Error('not cancelled')
  t.equal((await ended(last.messageId)).status, 'cancelled')
  const { body } = await control<{ cancels: Array<{ messageId: string, at: number }> }>('GET', '/cancels')
  t.equal(body.cancels[0]?.messageId, last.messageId)
  t.type(body.cancels[0]?.at, 'number')
})

t.test('the client posts a follow-up, and reads both answers from the conversation', async (t) => {
  const { client, create, streamOf } = await startClient(t)
  const asked = await create('dust', 'What is a sonnet?')
  await read(await streamOf(asked))
  const second = value(await client.postUserMessage({ conversationId: asked.conversation.sId, message: { content: 'And a haiku?', mentions: [{ configurationId: 'dust' }], context } }))
  const conversation = value(await client.getConversation({ conversationId: asked.conversation.sId }))
  await read(await streamOf({ conversation, message: second }))
  const answers = value(await client.getConversation({ conversationId: asked.conversation.sId })).content.flat().filter((message) => message.type === 'agent_message')
  t.equal(answers.length, 2)
  t.match(answers[1]?.content, /"What is a sonnet\?"[^]*"And a haiku\?"/)
})

t.test('the client approves a tool that it found blocked', async (t) => {
  const { client, create, streamOf } = await startClient(t)
  const asked = await create('deployer', 'Deploy checkout')
  const events = await read(await streamOf(asked), async (event) => {
    if (event.type === 'tool_approve_execution') {
      const { blockedActions } = value(await client.getBlockedActions({ conversationId: event.conversationId }))
      t.match(blockedActions, [{ actionId: event.actionId, messageId: event.messageId, status: 'blocked_validation_required', stake: 'high', metadata: { toolName: 'deploy_service' } }])
      value(await client.validateAction({ conversationId: event.conversationId, messageId: event.messageId, actionId: event.actionId, approved: 'approved' }))
    }
    return false
  })
  const last = events.findLast((event) => event.type === 'agent_message_success')
  t.match(last?.type === 'agent_message_success' && last.message.content, /^Approved, thank you\./)
  t.same(value(await client.getBlockedActions({ conversationId: asked.conversation.sId })).blockedActions, [])
})

t.test('the client answers a question', async (t) => {
  const { client, create, streamOf } = await startClient(t)
  const asked = await create('concierge', 'Plan the offsite')
  const events = await read(await streamOf(asked), async (event) => {
    if (event.type === 'tool_ask_user_question') {
      value(await client.answerUserQuestion({ conversationId: event.conversationId, messageId: event.messageId, actionId: event.actionId, answer: { selectedOptions: [1], customResponse: 'with lunch' } }))
    }
    return false
  })
  const last = events.findLast((event) => event.type === 'agent_message_success')
  t.match(last?.type === 'agent_message_success' && last.message.content, /You chose: Thorough, with lunch\./)
})

t.test('the client lists two approvals of one step, and both kinds of question', async (t) => {
  const { client, create, readUntil } = await startClient(t)
  for (const [agentId, type, count] of [['quartermaster', 'tool_approve_execution', 2], ['surveyor', 'tool_ask_user_question', 1], ['bookkeeper', 'tool_file_auth_required', 1]] as const) {
    const { conversation } = await create(agentId, 'Paper')
    const [message] = conversation.content.at(-1) ?? []
    await readUntil(`${conversation.sId}/messages/${message?.sId}`, type)
    t.equal(value(await client.getBlockedActions({ conversationId: conversation.sId })).blockedActions.length, count, agentId)
  }
})

t.test('the client retries a failed message under a new sId', async (t) => {
  const { client, create, streamOf, ended } = await startClient(t)
  const asked = await create('unlucky', 'Roll the dice')
  const events = await read(await streamOf(asked))
  const failure = events.find((event) => event.type === 'agent_error')
  t.match(failure, { error: { code: 'multi_actions_error', metadata: { category: 'retryable_model_error' } } })
  const failed = failure?.messageId ?? ''
  t.equal((await ended(failed)).status, 'failed')
  const again = value(await client.retryMessage({ conversationId: asked.conversation.sId, messageId: failed }))
  t.not(again.sId, failed)
  t.equal(again.version, 1)
  t.equal((await ended(again.sId)).status, 'succeeded')
  const conversation = value(await client.getConversation({ conversationId: asked.conversation.sId }))
  t.same(conversation.content.at(-1)?.map(({ sId }) => sId), [failed, again.sId])
})

t.test('the client attaches a text, which the agent then mentions', async (t) => {
  const { client, streamOf } = await startClient(t)
  const { conversation } = value(await client.createConversation({ title: null, visibility: 'unlisted' }))
  value(await client.postContentFragment({ conversationId: conversation.sId, contentFragment: { title: 'minutes.txt', content: 'We met.', contentType: 'text/plain' } }))
  const message = value(await client.postUserMessage({ conversationId: conversation.sId, message: { content: 'Summarise', mentions: [{ configurationId: 'dust' }], context } }))
  const events = await read(await streamOf({ conversation: value(await client.getConversation({ conversationId: conversation.sId })), message }))
  const last = events.findLast((event) => event.type === 'agent_message_success')
  t.match(last?.type === 'agent_message_success' && last.message.content, /minutes\.txt/)
})

t.test('the client uploads a file, reads it back, attaches it, and the agent reads it', async (t) => {
  const { client, streamOf, control } = await startClient(t)
  const bytes = new Uint8Array(Array.from({ length: 5000 }, (_, index) => index % 256))
  const upload = { contentType: 'image/png' as const, fileName: 'all bytes.png', fileSize: bytes.length, useCase: 'conversation' as const, fileObject: new File([bytes], 'all bytes.png', { type: 'image/png' }) }
  const file = value(await client.uploadFile(upload))
  t.match(file, { status: 'ready', fileSize: 5000, contentType: 'image/png' })
  const back = value(await client.getFileContent({ fileId: file.sId }))
  t.strictSame(new Uint8Array(await back.arrayBuffer()), bytes)
  const { body } = await control<{ files: Array<{ sha256: string }> }>('GET', '/files')
  t.equal(body.files[0]?.sha256, createHash('sha256').update(bytes).digest('hex'))

  const asked = value(await client.createConversation({
    title: null,
    visibility: 'unlisted',
    contentFragments: [{ title: 'all bytes.png', fileId: file.sId }, { title: 'minutes', content: 'We met.', contentType: 'text/plain' }],
    message: { content: 'Read', mentions: [{ configurationId: 'proofreader' }], context }
  }))
  if (asked.message === undefined) throw new Error('no message')
  const events = await read(await streamOf({ conversation: asked.conversation, message: asked.message }))
  t.match(events.findLast((event) => event.type === 'agent_message_success'), { message: { content: /all bytes\.png has 5000 bytes.*minutes has 7 bytes and begins "We met\."/ } })
  value(await client.deleteFile({ fileID: file.sId }))
  t.match((await control('GET', '/files')).body, { files: [{ fileName: 'minutes' }] })
})

t.test('the client finds the files that an agent made', async (t) => {
  const { app, client, create, ended } = await startClient(t)
  const asked = await create('clerk', 'Sales')
  const [message] = asked.conversation.content.at(-1) ?? []
  await ended(message?.sId ?? '')
  const { content } = value(await client.getConversation({ conversationId: asked.conversation.sId }))
  const files = content.flat().flatMap((message) => message.type === 'agent_message' ? message.actions.flatMap((action) => action.generatedFiles) : [])
  t.strictSame(files.map((file) => [file.title, file.fileId === null]), [['table.csv', false], ['picture.png', false], ['page.html', false], ['notes.md', true], ['scratch.txt', false]])
  for (const { fileId, title } of files) {
    // A page isn't shown but redirected to the storage, where this client would take its key along.
    if (fileId === null || title === 'page.html') continue
    const back = value(await client.getFileContent({ fileId }))
    t.ok(app.emulator.workspace.files.get(fileId)?.bytes.equals(Buffer.from(await back.arrayBuffer())), title)
  }
})

t.test('the client asks for spaces and whether the workspace exists', async (t) => {
  const { client } = await startClient(t)
  t.ok(value(await client.exists()))
  t.same(value(await client.getSpaces()).map(({ kind }) => kind), ['global', 'system', 'regular'])
  const suggestions = value(await client.getMentionsSuggestions({ query: 'nov', select: ['agents'] }))
  t.match(suggestions, [{ id: 'novelist', type: 'agent', label: 'Novelist' }])
})

t.test('the client searches nodes, attaches one, and finds it in the conversation', async (t) => {
  const { client } = await startClient(t)
  const spaceIds = value(await client.getSpaces({ kinds: ['global', 'regular', 'project'] })).map(({ sId }) => sId)
  const [node] = value(await client.searchNodes({ query: 'incident', viewType: 'document', spaceIds, includeDataSources: false, limit: 5 }))
  t.match(node, { internalId: 'notion-incident', dataSource: { connectorProvider: 'notion' }, dataSourceViews: [{ sId: 'dsv_notion' }] })
  const { conversation } = value(await client.createConversation({ title: null, visibility: 'unlisted' }))
  const nodeDataSourceViewId = node?.dataSourceViews[0]?.sId ?? ''
  const fragment = value(await client.postContentFragment({ conversationId: conversation.sId, contentFragment: { title: 'Incident', nodeId: node?.internalId ?? '', nodeDataSourceViewId } }))
  t.match(fragment, { contentFragmentType: 'content_node', nodeId: 'notion-incident', nodeType: 'document' })
  const found = value(await client.getConversation({ conversationId: conversation.sId }))
  t.match(found.content, [[{ type: 'content_fragment', contentFragmentType: 'content_node', nodeDataSourceViewId: 'dsv_notion' }]])
})

t.test('the client reads a search as a stream: knowledge first, then what tools find', async (t) => {
  const { client } = await startClient(t)
  const { eventStream } = value(await client.searchUnified({ query: 'roadmap', spaceIds: ['vlt_global'] }))
  const chunks = []
  for await (const chunk of eventStream) chunks.push(chunk)
  t.match(chunks, [{ knowledgeResults: { nodes: [{ internalId: 'notion-roadmap' }] } }, { toolResults: [{ serverName: 'gmail' }] }, { toolResults: [{}] }])
})

t.test('views have the shape that the client knows', async (t) => {
  const { client, sendJson } = await startClient(t)
  for (const { sId } of value(await client.getSpaces())) {
    const { body } = await sendJson<{ dataSourceViews: object[] }>('GET', `/spaces/${sId}/data_source_views`)
    t.ok(body.dataSourceViews.length > 0, sId)
    t.ok(SearchDataSourceViewsResponseSchema.safeParse({ data_source_views: body.dataSourceViews }).success, sId)
  }
})
