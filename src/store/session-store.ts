/** What the client of a session asked to be told. */
export interface SessionWishes {
  /** Least important level of log messages that it wants; `null` when it never said. */
  logLevel: string | null
  /** URIs of the resources whose changes it wants to know of. */
  subscriptions: string[]
}

/** A session of an MCP client, as it survives the process: what is needed to build its live half again. */
export interface SessionRecord extends SessionWishes {
  id: string
  /** Who opened it. */
  caller: string
  /** `params` of the client's `initialize` request. */
  initialize: Record<string, unknown>
  /** The protocol revision that was agreed on. */
  protocolVersion: string
  /** Milliseconds since the epoch. */
  createdAt: number
  /** Milliseconds since the epoch. From then on the session doesn't exist any more. */
  expiresAt: number
}

/** What is left of a session that is over. */
export type EndedSession = Pick<SessionRecord, 'id' | 'createdAt' | 'expiresAt'>

/**
 * Keeps session records.
 * A record whose `expiresAt` has passed is never returned, whether or not `removeExpired` has run.
 */
export interface SessionStore {
  /** Adds a record unless `limit` living ones exist already. Resolves to whether it was added. */
  create (record: SessionRecord, limit: number): Promise<boolean>
  get (id: string): Promise<SessionRecord | undefined>
  /** Moves the end of the session. Resolves to whether it still exists. */
  touch (id: string, expiresAt: number): Promise<boolean>
  /** Remembers what the client wants from now on; what isn't given stays. */
  setWishes (id: string, wishes: Partial<SessionWishes>): Promise<void>
  /** Resolves to what it was, or `undefined` when it didn't exist. */
  delete (id: string): Promise<EndedSession | undefined>
  /** Removes records whose time is over and resolves to what they were, at most `limit` at once. */
  removeExpired (limit: number): Promise<EndedSession[]>
  count (): Promise<number>
}
