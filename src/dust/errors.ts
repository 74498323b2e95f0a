import type { DustOperation } from './operations.ts'

/** Every way in which a call can fail: a closed set, fit for a metric's label. */
export const dustErrorKinds = [
  'timeout',
  'network',
  'rate_limited',
  'unauthorized',
  'forbidden',
  'not_found',
  'bad_request',
  'server_error',
  'stream_interrupted',
  'invalid_response',
  'cancelled'
] as const

export type DustErrorKind = typeof dustErrorKinds[number]

export interface DustErrorDetails {
  operation: DustOperation
  kind: DustErrorKind
  message: string
  status?: number
  type?: string | null
  retryable?: boolean
  wasSent?: boolean
  cause?: unknown
}

/**
 * What every function of the Dust client throws. The message says what a person can do about it
 * and never holds the API key, the prompt or the answer.
 */
export class DustError extends Error {
  override readonly name = 'DustError'
  readonly operation: DustOperation
  readonly kind: DustErrorKind
  /** HTTP status of the answer, 0 when there was none. */
  readonly status: number
  /** Dust's own `error.type`, `null` when the answer had none. */
  readonly type: string | null
  /** Whether the same call is safe to repeat and may then succeed. */
  readonly retryable: boolean
  /** `false` when the request certainly never reached Dust. */
  readonly wasSent: boolean

  constructor (details: DustErrorDetails) {
    super(details.message, 'cause' in details ? { cause: details.cause } : undefined)
    this.operation = details.operation
    this.kind = details.kind
    this.status = details.status ?? 0
    this.type = details.type ?? null
    this.retryable = details.retryable ?? false
    this.wasSent = details.wasSent ?? true
  }
}

/** What of an error is fit for a log: all but its words, which may quote Dust. */
export function dustErrorDetails ({ operation, kind, status, type, retryable }: DustError) {
  return { operation, kind, status, type, retryable }
}

/** The error of a call that its caller, or the closing of the client, ended. */
export function cancelledError (operation: DustOperation): DustError {
  return new DustError({ operation, kind: 'cancelled', message: 'The call to Dust was cancelled.' })
}

/** The error of an agent that this client keeps to itself. */
export function closedAgentError (): DustError {
  return new DustError({ operation: 'get_agent', kind: 'not_found', message: 'This agent is not offered here: list the agents to find one that is.' })
}

/** The error of a 2xx answer that lacks what it must contain. */
export function unexpectedAnswerError (operation: DustOperation, missing: string): DustError {
  return new DustError({
    operation,
    kind: 'invalid_response',
    status: 200,
    message: `Dust answered without ${missing}: its API may have changed, look for a newer version of this client.`
  })
}
