import type { Bus, ReadMessage } from './bus.ts'
import type { ConversationLimits, ConversationStore } from './conversation-store.ts'
import type { EventLog, EventLogLimits } from './event-log.ts'
import type { ReplicaRegistry } from './replica-registry.ts'
import type { SessionStore } from './session-store.ts'

/**
 * What outlives the process, and what replicas have in common. Every method of its parts rejects with a {@link StoreError},
 * in bounded time, when it can't be used; it recovers by itself, and doing the same again does no harm.
 */
export interface Store {
  readonly kind: 'sqlite' | 'redis'
  /** Whether another process finds what this one has left. */
  readonly isLasting: boolean
  readonly sessions: SessionStore
  readonly events: EventLog
  readonly replicas: ReplicaRegistry
  readonly conversations: ConversationStore
  /**
   * A bus of this name, the same for all replicas.
   *
   * @param read knows a message by its shape; a replica of another version may say what this one doesn't understand
   */
  bus<Message> (name: string, read: ReadMessage<Message>): Bus<Message>
  /** Rejects when it can't be read and written. */
  check (): Promise<void>
  close (): Promise<void>
}

/** How much a store keeps. */
export type StoreLimits = EventLogLimits & ConversationLimits

/** The store can't do what it was asked to. The message has no content of a record. */
export class StoreError extends Error {
  readonly code = 'STORE_UNAVAILABLE'

  constructor (operation: string, cause: unknown) {
    super(`The store failed to ${operation}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
    this.name = 'StoreError'
  }
}
