/** A conversation that was started here. Nothing of what was said in it, but for the title that Dust gave it. */
export interface ConversationRecord {
  id: string
  /** Who started it. */
  caller: string
  /** Who was asked first. */
  agent: { id: string, name: string }
  /** `null` until Dust's is known. */
  title: string | null
  /** Where a person reads it. */
  url: string
  /** Milliseconds since the epoch. */
  createdAt: number
  /** Milliseconds since the epoch. */
  usedAt: number
}

/** Where a list goes on: after this conversation. */
export type ConversationPosition = Pick<ConversationRecord, 'id' | 'usedAt'>

/**
 * Knows who started which conversation: Dust doesn't tell them apart, since all of them have the same key.
 * Bounded for each caller and in age: see {@link ConversationLimits}. Those that weren't used for longest go first.
 */
export interface ConversationStore {
  /** Adds a conversation. One that is known stays as it is. */
  add (record: ConversationRecord): Promise<void>
  /** Moves a conversation to the front. Does nothing for one that isn't known. */
  use (id: string, usedAt: number): Promise<void>
  /** Notes the title that Dust has given a conversation. Does nothing for one that isn't known. */
  entitle (id: string, title: string): Promise<void>
  /** Who started it; `undefined` for one that isn't known. */
  callerOf (id: string): Promise<string | undefined>
  /** The conversations of a caller, those that were used last first; at most `limit`. */
  list (caller: string, limit: number, after?: ConversationPosition): Promise<ConversationRecord[]>
}

export interface ConversationLimits {
  conversationsPerCaller: number
  /** How long a conversation is known after it was used. */
  conversationAgeMs: number
}

export const CONVERSATION_LIMITS: ConversationLimits = {
  conversationsPerCaller: 10_000,
  conversationAgeMs: 90 * 86_400_000
}
