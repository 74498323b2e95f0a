import type { Implementation, ServerCapabilities } from '@modelcontextprotocol/sdk/types.js'
import type { SessionRecord, SessionWishes } from '../../store/session-store.ts'
import type { Dispatch } from '../dispatch.ts'
import type { JSONRPCRequest } from '../json-rpc.ts'
import type { TransportOptions } from './transport.ts'

/** What all sessions share. */
export interface SessionContext {
  serverInfo: Implementation
  capabilities: ServerCapabilities
  instructions: string
  dispatch: Dispatch
  transport: TransportOptions
  /** Whether this caller's requests can only be worked on with what their client brings with each request. */
  needsCredential: (caller: string) => boolean
  /** A call whose process is gone goes on, because its client is back. */
  onPickUp: () => void
  /** Whether another process may do this request again from its beginning. */
  isReplayable: (request: JSONRPCRequest) => boolean
  /** Remembers what the client of a session asked for. */
  save: (sessionId: string, wishes: Partial<SessionWishes>) => Promise<void>
}

/** What is known of a session before its first request in this process. */
export type SessionIdentity = Pick<SessionRecord, 'id' | 'caller' | 'initialize' | 'protocolVersion' | keyof SessionWishes>
