import type { Attachment } from './attachments.ts'
import type { AgentMessage, AgentMessageEvent } from './types.ts'

/** One agent message, from the question to its end. */
export interface Run {
  agentId: string
  conversationId: string
  /** `sId` of the agent message: the one to stream and to cancel. */
  messageId: string
  /** Empty when a run is repeated and Dust doesn't say which message it answers. */
  userMessageId: string
  /** Where a person reads the conversation. */
  url: string
}

export interface RunInput {
  agentId: string
  content: string
  /** Continues this conversation; without it a new one is created. */
  conversationId?: string
  /** Title of a new conversation. */
  title?: string
  /** What the agent is given to read; in an existing conversation they're posted one by one, before the question. */
  attachments?: Attachment[]
}

/** What a run tells: Dust's own events, then exactly one `run_completed`, which this client makes, with the final message. */
export interface RunEvent {
  /** Dust's `<ms>-<n>` id, to resume after; `null` for `run_completed`. */
  id: string | null
  event: AgentMessageEvent | { type: 'run_completed', message: AgentMessage }
}
