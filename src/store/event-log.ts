/** An event as it was sent, or would have been. */
export interface LoggedEvent {
  /** By which the client names it when it comes back. */
  id: string
  data: string
}

/** What came on a stream after an event. */
export interface Tail {
  stream: string
  events: LoggedEvent[]
}

/**
 * Keeps what was sent on the streams of sessions, so that a client whose connection broke gets the rest. Bounded in length, size and age.
 * An event's id names its stream, too.
 */
export interface EventLog {
  /** Adds an event to the end of a stream and resolves to its id. */
  append (session: string, stream: string, data: string): Promise<string>
  /** Resolves to what followed the event on its stream, or to `undefined` when the event isn't known, or not any more. */
  after (session: string, eventId: string): Promise<Tail | undefined>
  /** Forgets all streams of a session. */
  remove (session: string): Promise<void>
  /** Forgets what is too old. */
  removeExpired (): Promise<void>
}
