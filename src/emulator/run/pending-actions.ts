import type { WaitingAction } from '../../dust/types.ts'
import type { Answer } from './turn.ts'

export type BlockedStatus = 'blocked_validation_required' | 'blocked_user_answer_required' | 'blocked_authentication_required' | 'blocked_file_authorization_required'

export interface BlockedRecord extends WaitingAction {
  status: BlockedStatus
}

export type Reply = { kind: 'approval', approved: boolean } | { kind: 'answer', answer: Answer }

interface Waiting {
  record: BlockedRecord
  /** Where the action is listed: its own conversation, then those of the agents that delegated to it. */
  conversationIds: readonly string[]
  settle: (reply: Reply) => void
}

/** The actions of all conversations that wait for a person. */
export class PendingActions {
  readonly #waiting = new Map<string, Waiting>()
  readonly #answered = new Set<string>()

  /** Resolves with the person's reply; rejects with the signal's reason when the run is cancelled first. */
  async wait (record: BlockedRecord, conversationIds: readonly string[], signal: AbortSignal): Promise<Reply> {
    signal.throwIfAborted()
    const { promise, resolve, reject } = Promise.withResolvers<Reply>()
    const give = () => reject(signal.reason)
    signal.addEventListener('abort', give, { once: true })
    this.#waiting.set(record.actionId, { record, conversationIds, settle: resolve })
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', give)
      this.#waiting.delete(record.actionId)
      this.#answered.add(record.actionId)
    }
  }

  blockedIn (conversationId: string): BlockedRecord[] {
    return [...this.#waiting.values()].filter(({ conversationIds }) => conversationIds.includes(conversationId)).map(({ record }) => record)
  }

  find (actionId: string): BlockedRecord | undefined {
    return this.#waiting.get(actionId)?.record
  }

  wasAnswered (actionId: string): boolean {
    return this.#answered.has(actionId)
  }

  settle (actionId: string, reply: Reply): void {
    const waiting = this.#waiting.get(actionId)
    // Gone at once, so that a second answer in the same instant is refused.
    this.#waiting.delete(actionId)
    this.#answered.add(actionId)
    waiting?.settle(reply)
  }
}
