import { attach, checkAttachment, secretsOf } from './attachments.ts'
import { DustError, unexpectedAnswerError } from './errors.ts'
import type { MessageRef } from './event-stream.ts'
import { toList, toObject } from './json.ts'
import { readAgentMessage, readConversation, readUserMessage } from './read-conversation.ts'
import type { Requester } from './request.ts'
import type { Run, RunInput } from './run.ts'
import type { AgentMessage, Conversation, MessageContext } from './types.ts'

export interface AskOptions {
  context: MessageContext
  skipToolsValidation: boolean | undefined
}

export async function getConversation (requester: Requester, conversationId: string, options: { limit?: number, signal?: AbortSignal | undefined } = {}, maxAttempts?: number): Promise<Conversation> {
  const answer = await requester.json({
    operation: 'get_conversation',
    method: 'GET',
    path: ['assistant', 'conversations', conversationId],
    ...(options.limit !== undefined && { query: { limit: String(options.limit) } }),
    signal: options.signal
  }, maxAttempts)
  const conversation = readConversation(toObject(answer).conversation)
  if (conversation === null) throw unexpectedAnswerError('get_conversation', 'the conversation')
  return conversation
}

/** Signals Dust to stop these agent messages; one that has ended or is unknown does no harm. */
export async function cancelMessages (requester: Requester, conversationId: string, messageIds: string[]): Promise<void> {
  await requester.json({
    operation: 'cancel_message',
    method: 'POST',
    path: ['assistant', 'conversations', conversationId, 'cancel'],
    body: { messageIds },
    isIdempotent: true
  })
}

/** Runs the agent of this message again, as a new version of it, which has an id of its own. */
export async function retryMessage (requester: Requester, { conversationId, messageId }: MessageRef, options: { blockedOnly?: boolean, signal?: AbortSignal | undefined } = {}): Promise<Run> {
  const answer = await requester.json({
    operation: 'retry_message',
    method: 'POST',
    path: ['assistant', 'conversations', conversationId, 'messages', messageId, 'retry'],
    ...(options.blockedOnly === true && { query: { blocked_only: 'true' } }),
    signal: options.signal
  })
  const message = readAgentMessage(toObject(answer).message)
  if (message === null) throw unexpectedAnswerError('retry_message', 'the new message')
  return {
    agentId: message.configuration.sId,
    conversationId,
    messageId: message.sId,
    userMessageId: message.parentMessageId ?? '',
    url: await conversationUrl(requester, conversationId, options.signal)
  }
}

export async function startRun (requester: Requester, input: RunInput, ask: AskOptions, signal?: AbortSignal): Promise<Run> {
  const { conversationId, attachments = [] } = input
  attachments.forEach(checkAttachment)
  if (conversationId === undefined) return createConversation(requester, input, ask, signal)
  let attached = 0
  try {
    for (const attachment of attachments) {
      await attach(requester, conversationId, attachment, signal)
      attached++
    }
    return await postMessage(requester, input, conversationId, ask, signal)
  } catch (error) {
    if (attached === 0 || !(error instanceof DustError)) throw error
    const stay = attached === 1 ? 'The first attachment is in the conversation already: leave it' : `The first ${attached} attachments are in the conversation already: leave them`
    throw new DustError({ ...error, message: `${error.message} ${stay} out when you ask again.` })
  }
}

async function createConversation (requester: Requester, input: RunInput, ask: AskOptions, signal?: AbortSignal): Promise<Run> {
  const { attachments = [] } = input
  const answer = toObject(await requester.json({
    operation: 'create_conversation',
    method: 'POST',
    path: ['assistant', 'conversations'],
    body: {
      title: input.title ?? null,
      visibility: 'unlisted',
      message: messageBody(input, ask),
      ...(attachments.length > 0 && { contentFragments: attachments }),
      blocking: false,
      ...skipBody(ask)
    },
    secrets: [input.content, ...attachments.flatMap(secretsOf)],
    signal
  }))
  const conversation = readConversation(answer.conversation)
  const userMessage = readUserMessage(answer.message)
  if (conversation === null) throw unexpectedAnswerError('create_conversation', 'the conversation')
  if (userMessage === null) throw unexpectedAnswerError('create_conversation', 'the message')
  const agentMessage = findAnswer(conversation, userMessage.sId) ??
    findAnswer(await getConversation(requester, conversation.sId, { signal }), userMessage.sId)
  if (agentMessage === undefined) throw noAgentMessageError('create_conversation')
  return {
    agentId: input.agentId,
    conversationId: conversation.sId,
    messageId: agentMessage.sId,
    userMessageId: userMessage.sId,
    url: conversation.url
  }
}

async function postMessage (requester: Requester, input: RunInput, conversationId: string, ask: AskOptions, signal?: AbortSignal): Promise<Run> {
  const answer = toObject(await requester.json({
    operation: 'post_message',
    method: 'POST',
    path: ['assistant', 'conversations', conversationId, 'messages'],
    body: { ...messageBody(input, ask), blocking: false, ...skipBody(ask) },
    secrets: [input.content],
    signal
  }))
  const userMessage = readUserMessage(answer.message)
  if (userMessage === null) throw unexpectedAnswerError('post_message', 'the message')
  const agentMessage = toList(answer.agentMessages).map(readAgentMessage).find((message) => message !== null) ??
    findAnswer(await getConversation(requester, conversationId, { signal }), userMessage.sId)
  if (agentMessage === undefined) throw noAgentMessageError('post_message')
  return {
    agentId: input.agentId,
    conversationId,
    messageId: agentMessage.sId,
    userMessageId: userMessage.sId,
    url: await conversationUrl(requester, conversationId, signal)
  }
}

/** The answer to a post lacks the address. The run has begun by now, so a failure here must not hide its ids from the caller. */
async function conversationUrl (requester: Requester, conversationId: string, signal?: AbortSignal): Promise<string> {
  try {
    const { url } = await getConversation(requester, conversationId, { limit: 1, signal }, 1)
    return url
  } catch {
    return `${requester.webAddress}/conversation/${encodeURIComponent(conversationId)}`
  }
}

function messageBody ({ agentId, content }: RunInput, { context }: AskOptions) {
  return { content, mentions: [{ configurationId: agentId }], context }
}

function skipBody ({ skipToolsValidation }: AskOptions) {
  return skipToolsValidation === undefined ? {} : { skipToolsValidation }
}

/** The agent message that answers this user message, in its current version. */
function findAnswer (conversation: Conversation, userMessageId: string): AgentMessage | undefined {
  return conversation.content
    .map((versions) => versions.at(-1))
    .find((message): message is AgentMessage => message?.type === 'agent_message' && message.parentMessageId === userMessageId)
}

/** The agent message with this `sId`, whatever its version. */
export function findAgentMessage (conversation: Conversation, messageId: string): AgentMessage | undefined {
  return conversation.content
    .flat()
    .find((message): message is AgentMessage => message.type === 'agent_message' && message.sId === messageId)
}

/** Dust drops the mention of an agent it doesn't know without a word, so nobody would ever answer. */
function noAgentMessageError (operation: 'create_conversation' | 'post_message'): DustError {
  return new DustError({
    operation,
    kind: 'not_found',
    status: 200,
    message: 'No agent answers this message: the agent is unknown or the API key may not use it; list the agents to find its id.'
  })
}
