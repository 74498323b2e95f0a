import { Type, type Static } from '@sinclair/typebox'
import type { AgentMessage, ContentFragment, Conversation, UserMessage } from '../../src/dust/types.ts'
import { Attached, attachedOf, describeFiles, filesOf, LinkedFile } from './files.ts'

const TranscriptMessage = Type.Object({
  id: Type.String(),
  from: Type.String({ description: 'user, or the name of the agent.' }),
  status: Type.String({ description: 'sent, running, succeeded, failed or cancelled; attached: nothing was asked with it yet.' }),
  content: Type.String(),
  createdAt: Type.String({ format: 'date-time' }),
  attachments: Type.Array(Attached, { description: 'What the user gave the agent to read with it.' }),
  files: Type.Array(LinkedFile, { description: 'What the agent made.' })
})

/** A conversation as people would read it. */
export const Transcript = Type.Object({
  conversationId: Type.String(),
  title: Type.Union([Type.String(), Type.Null()]),
  url: Type.String({ description: 'Where a person reads it.' }),
  messages: Type.Array(TranscriptMessage)
})

type Message = Static<typeof TranscriptMessage>

/** @param last only so many of the newest messages */
export function transcribe (conversation: Conversation, last?: number): Static<typeof Transcript> {
  const messages: Message[] = []
  let attached: ContentFragment[] = []
  for (const message of conversation.content.map((versions) => versions.at(-1))) {
    if (message?.type === 'content_fragment') attached.push(message)
    if (message?.type === 'user_message') {
      messages.push(fromUser(message, attached))
      attached = []
    }
    if (message?.type === 'agent_message') messages.push(fromAgent(message, conversation.sId))
  }
  const [first] = attached
  if (first !== undefined) messages.push({ ...fromUser({ sId: first.sId, created: conversation.updated ?? conversation.created, content: '' }, attached), status: 'attached' })
  return {
    conversationId: conversation.sId,
    title: conversation.title,
    url: conversation.url,
    messages: last === undefined ? messages : messages.slice(-last)
  }
}

/** For a model, or a person. */
export function transcriptText ({ title, url, messages }: Static<typeof Transcript>): string {
  return [
    `Conversation "${title ?? 'untitled'}" (${url})`,
    ...messages.map(({ from, status, content, attachments, files }) =>
      [`## ${from} (${status})`, describeFiles('Attached', attachments), content, describeFiles('Files', files)].filter((line) => line !== '').join('\n'))
  ].join('\n\n')
}

function fromUser ({ sId, created, content }: Pick<UserMessage, 'sId' | 'created' | 'content'>, attached: readonly ContentFragment[]): Message {
  return { ...common(sId, created), from: 'user', status: 'sent', content, attachments: attached.map(attachedOf), files: [] }
}

function fromAgent (message: AgentMessage, conversationId: string): Message {
  return {
    ...common(message.sId, message.created),
    from: message.configuration.name,
    status: message.status === 'created' ? 'running' : message.status,
    content: message.content ?? message.error?.message ?? '',
    attachments: [],
    files: filesOf(message, conversationId)
  }
}

function common (id: string, created: number): Pick<Message, 'id' | 'createdAt'> {
  return { id, createdAt: new Date(created).toISOString() }
}
