import type { ClientCapabilities, LoggingLevel, Task } from '@modelcontextprotocol/sdk/types.js'
import type { InputRequest, InputResponse } from './input.ts'
import type { Interrupt } from './interrupt.ts'

export type { ClientCapabilities, LoggingLevel }

/** From the least to the most important, as in RFC 5424. */
export const LOGGING_LEVELS = ['debug', 'info', 'notice', 'warning', 'error', 'critical', 'alert', 'emergency'] as const satisfies readonly LoggingLevel[]

export interface Progress {
  /** What is going on, for a person. */
  message?: string
  /** Grows with every notification; counted up by itself when left out. */
  progress?: number
  /** What `progress` will be at the end, if known. */
  total?: number
  /** Details for machines. Keys need a prefix, as in `acme.example/kind`. */
  meta?: Record<string, unknown>
}

/** What is known of a call whose handler runs again. */
export interface Resumed {
  /** When the call came, in milliseconds since the epoch; from a client without a session, when it came with the answer to a question. */
  since: number
  /** What the client was told last; `null` when it was told nothing, or doesn't want to be. */
  progress: Progress | null
}

/** What a handler is given besides its arguments: its line to the client, for as long as the request runs. */
export interface Operation {
  /** Aborts when nobody waits for the result any more. Its reason is an {@link OperationAborted}. */
  readonly signal: AbortSignal
  /** Who asks. */
  readonly caller: string
  /** What the caller has brought to act with beyond this server; for `dust.for`, and to pass on. `null` when it's nothing. */
  readonly credential: object | null
  /** The program that asks, in its own words, and the revision of MCP that it speaks. */
  readonly client: { readonly name: string, readonly protocolVersion: string }
  /** Stands for the session in logs; it can't be used to join it. `null` where there are no sessions. */
  readonly session: string | null
  /** Stands for the HTTP request in logs. */
  readonly requestId: string | null
  /**
   * `null`, unless the handler runs again, from its beginning, because a client without a session brings the answer to a question,
   * or because the process that worked on the call of a `replayable` tool is gone: what it did within `once` and what it asked has
   * its result already.
   */
  readonly resumed: Resumed | null
  readonly clientCapabilities: ClientCapabilities
  /** Tells the client how far it is. Does nothing when the client didn't ask for progress. */
  progress (progress: string | Progress): Promise<void>
  /** Sends a log message to the client, if it wants that level. Never for secrets. */
  log (level: LoggingLevel, data: unknown, logger?: string): Promise<void>
  /**
   * Asks the client: a person's input (elicitation), its model (sampling), or its folders (roots).
   * A client without sessions gets the question as the result and calls again with the answer: the handler then runs
   * from its beginning, and this resolves at once. So what must happen only once belongs into `once`, and the error
   * with which this leaves the handler must not be caught.
   *
   * @param key names the question within the handler, the same each time
   * @param options.signal withdraws the question of a client with a session
   * @throws {MissingCapability} when the client can't be asked that
   */
  ask<Request extends InputRequest> (key: string, request: Request, options?: { signal?: AbortSignal }): Promise<InputResponse<Request>>
  /** Asks several things at once. */
  askAll<Requests extends Record<string, InputRequest>> (requests: Requests): Promise<{ [Key in keyof Requests]: InputResponse<Requests[Key]> }>
  /**
   * Does something that has an effect, and does it only once, also when the handler runs again: after `ask`, or in another
   * process because this one died. A client that sends the same answer twice gets the result of the first time, if this process had it.
   * Its result is kept in the store, or goes through the client's hands, signed: JSON, and no secret.
   *
   * @param key names the work within the handler, the same each time
   * @param options.isRepeatable whether it does no harm to do it again when a process died while it did it
   * @throws {ToolError} when that happened to other work: nobody knows whether it took effect
   */
  once<Result> (key: string, work: () => Promise<Result>, options?: { isRepeatable?: boolean }): Promise<Result>
  /**
   * Refuses the call unless the client has these capabilities.
   *
   * @throws {MissingCapability}
   */
  require (capabilities: ClientCapabilities): void
  /** Ends the connection of the reply, not the work: a client that can resume comes back for the result. Does nothing for others. */
  closeStream (): Promise<void>
}

/** An operation as its lane makes it: it also remembers what the client of a session wants. */
export interface SessionOperation extends Operation {
  /** Where its signal comes from. */
  readonly interrupt: Interrupt
  setLogLevel (level: LoggingLevel): Promise<void>
  /** Begins or ends to tell the client when a resource changes. */
  subscribe (uri: string, wanted: boolean): Promise<void>
  /** The state of a call that the client doesn't wait for. */
  getTask (taskId: string): Promise<Task>
  cancelTask (taskId: string): Promise<Task>
}

/**
 * - `cancelled`: the client cancelled this request
 * - `session_ended`: the client ended its session
 * - `shutdown`: the server is going away; its answer still reaches the client
 * - `moved`: another process does it from now on; what this one answers reaches nobody
 */
export type AbortCause = 'cancelled' | 'session_ended' | 'shutdown' | 'moved'

const ABORT_CAUSES: ReadonlySet<string> = new Set<AbortCause>(['cancelled', 'session_ended', 'shutdown', 'moved'])

/** Whether an operation with this error type broke off because somebody wanted it so: it didn't fail. */
export function isAbort (errorType: string): boolean {
  return ABORT_CAUSES.has(errorType)
}

/** Why an operation's signal aborted. */
export class OperationAborted extends Error {
  readonly abortCause: AbortCause

  constructor (abortCause: AbortCause) {
    super({
      cancelled: 'The request was cancelled.',
      session_ended: 'The session was ended.',
      shutdown: 'The server is shutting down.',
      moved: 'Another process of the server goes on with it.'
    }[abortCause])
    this.name = 'OperationAborted'
    this.abortCause = abortCause
  }
}

/** Leaves a handler whose question must travel to the client first. No failure: the handler runs again, with the answer. */
export class InputRequired extends Error {
  readonly requests: Readonly<Record<string, InputRequest>>

  constructor (requests: Readonly<Record<string, InputRequest>>) {
    super('The client must be asked first')
    this.name = 'InputRequired'
    this.requests = requests
  }
}

/** Thrown by a handler to tell the model what went wrong and what it can do. Its message reaches the client word for word. */
export class ToolError extends Error {
  /** Structured details for the client, beside the message. */
  readonly structured: Record<string, unknown> | undefined

  constructor (message: string, options: { structured?: Record<string, unknown>, cause?: unknown } = {}) {
    super(message, { cause: options.cause })
    this.name = 'ToolError'
    this.structured = options.structured
  }
}
