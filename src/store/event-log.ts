/** Names a stream of a session. */
export interface StreamKey {
  session: string
  stream: string
}

/** A message as it was sent, or would have been. */
export interface LoggedEvent {
  /** Counts up by one along the stream. */
  seq: number
  data: string
}

/** What is kept of a stream beside its events. */
export interface StreamRecord extends StreamKey {
  /** The replica that may append; `null` when nobody works on it. */
  writer: string | null
  /** What the stream answers, in words of its writer; `null` for one that answers nothing. */
  call: string | null
  /** Milliseconds since the epoch. */
  createdAt: number
  /** When something last happened on it. */
  lastAt: number
  /** `seq` of its newest event, or the one that it began to count from. */
  lastSeq: number
  /** Whether nothing more will come. */
  isEnded: boolean
  /** What was noted on it, by name. */
  notes: Record<string, string>
}

/** What comes on a stream after an event. */
export interface Tail {
  events: LoggedEvent[]
  isEnded: boolean
}

/**
 * Keeps what is sent on the streams of sessions, so that a client whose connection broke gets the rest, whichever process
 * it comes back to; and what is needed to finish a call whose process died. One replica writes on a stream at a time.
 *
 * Bounded in length, size and age: see {@link EventLogLimits}. What is too much goes, the oldest first; calls that are
 * not answered yet stay.
 */
export interface EventLog {
  /**
   * Opens a stream, for `writer` alone from now on. One that exists keeps its events and what is known of it, and only changes hands.
   *
   * @param start the number before the first event of a new stream
   */
  open (key: StreamKey, writer: string, call: string | null, start?: number): Promise<StreamRecord>
  /**
   * Adds an event to the end of a stream. Resolves to whether it is there: not when somebody else writes, or the stream is gone.
   * Adding the same again does nothing.
   *
   * @param isLast whether it ends the stream
   */
  append (key: StreamKey, writer: string, event: LoggedEvent, isLast: boolean): Promise<boolean>
  /** Ends a stream without another event. */
  end (key: StreamKey, writer: string): Promise<void>
  /** Resolves to what followed the event on its stream, or to `undefined` when nothing is known of it any more, or something in between is gone. */
  read (key: StreamKey, afterSeq: number): Promise<Tail | undefined>
  /** The newest events of a stream, in order; at most `limit`. */
  newest (key: StreamKey, limit: number): Promise<LoggedEvent[]>
  record (key: StreamKey): Promise<StreamRecord | undefined>
  /**
   * Notes something on a stream; the same name again replaces it. Resolves to whether it's noted: not when the stream is over or gone.
   *
   * @param writer notes it only while that one writes the stream
   */
  note (key: StreamKey, name: string, value: string, writer?: string): Promise<boolean>
  /** The calls of a session that are not answered yet. */
  calls (session: string): Promise<StreamRecord[]>
  /** The calls, of any session, that are not answered yet and that none of the living replicas works on; at most `limit`. */
  orphans (living: readonly string[], limit: number): Promise<Array<Pick<StreamRecord, 'session' | 'stream' | 'writer'>>>
  /** Gives a stream that isn't over to another writer, or to nobody; only when it still is `from`'s. Resolves to whether it did. */
  hand (key: StreamKey, from: string | null, to: string | null): Promise<boolean>
  /** Keeps what this replica writes on from being too old. */
  keep (writer: string): Promise<void>
  /** Forgets all streams of a session. */
  forget (session: string): Promise<void>
  /** Forgets what is too old or too much. */
  forgetExpired (): Promise<void>
}

export interface EventLogLimits {
  /** What is kept of one stream: its newest events. */
  eventsPerStream: number
  charactersPerStream: number
  /** How long a stream is kept after its last event, or after its writer was last seen. */
  ageMs: number
  /** What is kept of all streams together. */
  charactersInAll: number
}

export const EVENT_LOG_LIMITS: EventLogLimits = {
  eventsPerStream: 2000,
  charactersPerStream: 4 * 1024 ** 2,
  ageMs: 15 * 60_000,
  charactersInAll: 256 * 1024 ** 2
}
