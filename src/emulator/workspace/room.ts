import type { AgentMessage, ContentFragment, Conversation, UserMessage, Workspace } from '../../dust/types.ts'
import { EventHistory } from '../history.ts'
import type { Identifiers } from '../identifiers.ts'

export interface ContentFragmentRecord extends ContentFragment {
  id: number
  created: number
  visibility: string
  version: number
  sourceUrl: string | null
  context: object
  contentFragmentId: string
  contentFragmentVersion: 'latest'
  contentFragmentType: 'file' | 'content_node'
}

export type Message = UserMessage | AgentMessage | ContentFragment

// Conversation events are kept for seconds only.
const conversationHistoryMs = 5000

/** A conversation and its events. */
export class Room {
  readonly conversation: Conversation
  readonly events = new EventHistory(conversationHistoryMs)

  constructor (owner: Workspace, identifiers: Identifiers, title: string | null, visibility: string) {
    const sId = identifiers.sId()
    this.conversation = {
      id: identifiers.id(),
      sId,
      created: Date.now(),
      title,
      unread: false,
      actionRequired: false,
      visibility,
      owner,
      url: `https://dust.tt/w/${owner.sId}/conversation/${sId}`,
      content: []
    }
  }

  /** Appends a message as the next one; returns its rank. */
  add (message: Message): number {
    this.conversation.content.push([message])
    this.conversation.updated = Date.now()
    return this.conversation.content.length - 1
  }

  /** The message with that sId, whichever version it is, and its rank. */
  find (sId: string): { message: Message, rank: number } | undefined {
    for (const [rank, versions] of this.conversation.content.entries()) {
      const message = versions.find((version) => version.sId === sId)
      if (message !== undefined) return { message, rank }
    }
    return undefined
  }

  /** The current version of every message. */
  current (): Message[] {
    return this.conversation.content.flatMap((versions) => versions.slice(-1))
  }

  /** What the user asked before the message with that rank. */
  promptsBefore (rank: number): string[] {
    return this.#currentBefore(rank).filter((message) => message.type === 'user_message').map(({ content }) => content)
  }

  attachmentsBefore (rank: number): ContentFragment[] {
    return this.#currentBefore(rank).filter((message) => message.type === 'content_fragment')
  }

  #currentBefore (rank: number): Message[] {
    return this.conversation.content.slice(0, rank).flatMap((versions) => versions.slice(-1))
  }
}
