import type { Dispatcher } from 'undici'
import { backoffMs, pause } from './backoff.ts'
import type { Connections } from './connections.ts'
import { cancelledError, DustError, type DustErrorKind } from './errors.ts'
import { networkError, timeoutError } from './network-error.ts'
import type { DustOperation } from './operations.ts'
import { readAtMost, readJson } from './read-answer.ts'
import { responseError, type KeyOwner } from './response-error.ts'
import { openScope } from './scope.ts'
import { createSender, headerText, type DustRequest, type SenderOptions } from './send.ts'
import type { DustTiming } from './timing.ts'

export type { DustRequest }

export interface RequestObservation {
  operation: DustOperation
  method: string
  /** HTTP status, 0 when there was no answer. */
  status: number
  /** Until the head of the answer came, or until it was clear that none would. */
  answeredMs: number
  /** Until the answer was read; for an event stream until it was closed. */
  durationMs: number
  error?: DustErrorKind
  /** 1 for the first try. */
  attempt: number
  /** Why there had to be another try; absent for the first one. */
  retryOf?: DustErrorKind
}

/** Follows one attempt of a request. */
export interface AttemptWatch {
  /** Go along to Dust, and to nobody whom it redirects to. */
  readonly headers: Readonly<Record<string, string>>
  /** Is called once, when the attempt ended. Must not throw. */
  end (observation: RequestObservation): void
}

/** Is called when an attempt begins. Must not throw. */
export type WatchAttempt = (attempt: Pick<RequestObservation, 'operation' | 'method' | 'attempt' | 'retryOf'>) => AttemptWatch

export interface RequesterOptions extends Omit<SenderOptions, 'dispatcher'> {
  connections: Connections
  timing: DustTiming
  /** Whom errors tell to look at the key. */
  keyOwner: KeyOwner
  onRequest: (observation: RequestObservation) => void
  watchAttempt?: WatchAttempt
}

/** An answer whose body is still to be read. `end` must be called once, with the failure if there was one. */
export interface OpenAnswer {
  readonly status: number
  readonly contentType: string
  /** In bytes, as announced; `null` when it wasn't. */
  readonly contentLength: number | null
  readonly body: Dispatcher.ResponseData['body']
  end (failure?: DustError): void
  /** Turns whatever reading the body threw into a DustError. */
  toError (thrown: unknown): DustError
}

export interface Requester {
  readonly origin: string
  /** Aborted when the client closes. */
  readonly closing: AbortSignal
  /** Where people find the workspace. */
  readonly webAddress: string
  /** The same, whose attempts somebody follows. */
  watchedBy (watchAttempt: WatchAttempt): Requester
  /** One attempt, answered 2xx, body unread. Throws DustError. */
  open (call: DustRequest, attempt: number, retryOf?: DustErrorKind): Promise<OpenAnswer>
  /** As many attempts as are safe; what `read` makes of a 2xx answer. Throws DustError, also for whatever `read` throws. */
  read<Value> (call: DustRequest, read: (answer: OpenAnswer) => Promise<Value>, maxAttempts?: number): Promise<Value>
  /** The same with the parsed JSON of the answer. */
  json (call: DustRequest, maxAttempts?: number): Promise<unknown>
}

const usualAttempts = 4
const maxErrorBytes = 64 * 1024

export function createRequester (options: RequesterOptions): Requester {
  const { timing, onRequest, keyOwner, connections: { closing, dispatcher } } = options
  const sender = createSender({ ...options, dispatcher })

  /** Every request to Dust goes through here and is observed here, once per attempt, when it ended. */
  async function open (call: DustRequest, attempt: number, retryOf?: DustErrorKind): Promise<OpenAnswer> {
    const startedAt = performance.now()
    const watch = options.watchAttempt?.({ operation: call.operation, method: call.method, attempt, ...(retryOf && { retryOf }) })
    const isIdempotent = call.isIdempotent ?? call.method === 'GET'
    const limitMs = call.isFile ? timing.transferTimeoutMs : timing.requestTimeoutMs
    const scope = openScope(call.signal, closing)
    let isLate = false
    let hasEnded = false
    let status = 0
    let answeredMs: number | undefined
    let body: Dispatcher.ResponseData['body'] | undefined
    const limit = setTimeout(() => {
      isLate = true
      scope.abort()
    }, limitMs)

    function end (failure?: DustError): void {
      if (hasEnded) return
      hasEnded = true
      clearTimeout(limit)
      scope.release()
      // Destroying a body that was read to its end does nothing; one that wasn't takes its connection along.
      body?.destroy()
      const durationMs = performance.now() - startedAt
      const { operation, method } = call
      const observation = {
        operation,
        method,
        status: status || (failure?.status ?? 0),
        answeredMs: answeredMs ?? durationMs,
        durationMs,
        attempt,
        ...(failure && { error: failure.kind }),
        ...(retryOf && { retryOf })
      }
      onRequest(observation)
      watch?.end(observation)
    }

    function toError (thrown: unknown): DustError {
      if (thrown instanceof DustError) return thrown
      if (isLate) return timeoutError(call.operation, limitMs, isIdempotent)
      if (scope.signal.aborted) return cancelledError(call.operation)
      return networkError(call.operation, thrown, isIdempotent)
    }

    try {
      if (scope.signal.aborted) throw cancelledError(call.operation)
      const answer = await sender.send(call, scope.signal, watch?.headers)
      status = answer.statusCode
      answeredMs = performance.now() - startedAt
      body = answer.body.on('error', ignoreAbort)
      const contentType = headerText(answer.headers['content-type'])
      if (status < 200 || status > 299) {
        const secrets = [options.apiKey, ...call.secrets ?? []]
        const said = await readAtMost(body, maxErrorBytes)
        throw responseError({ operation: call.operation, status, contentType, body: said?.toString() ?? '', isIdempotent, secrets, keyOwner })
      }
      if (call.isStream) clearTimeout(limit)
      const announced = headerText(answer.headers['content-length'])
      return { status, contentType, contentLength: announced === '' ? null : Number(announced), body, end, toError }
    } catch (thrown) {
      const failure = toError(thrown)
      end(failure)
      throw failure
    }
  }

  async function read<Value> (call: DustRequest, take: (answer: OpenAnswer) => Promise<Value>, maxAttempts = usualAttempts): Promise<Value> {
    const scope = openScope(call.signal, closing)
    let retryOf: DustErrorKind | undefined
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await readOnce(call, take, attempt, retryOf)
        } catch (error) {
          if (!(error instanceof DustError) || attempt >= maxAttempts || !mayRepeat(call, error)) throw error
          retryOf = error.kind
        }
        await pause(backoffMs(attempt, timing), scope.signal, call.operation)
      }
    } finally {
      scope.release()
    }
  }

  async function readOnce<Value> (call: DustRequest, take: (answer: OpenAnswer) => Promise<Value>, attempt: number, retryOf?: DustErrorKind): Promise<Value> {
    const answer = await open(call, attempt, retryOf)
    let failure: DustError | undefined
    try {
      return await take(answer)
    } catch (thrown) {
      failure = answer.toError(thrown)
      throw failure
    } finally {
      answer.end(failure)
    }
  }

  return {
    origin: options.origin,
    closing,
    webAddress: new URL(`/w/${encodeURIComponent(options.workspaceId)}`, options.origin).href,
    watchedBy: (watchAttempt) => createRequester({ ...options, watchAttempt }),
    open,
    read,
    json: (call, maxAttempts) => read(call, (answer) => readJson(call, answer), maxAttempts)
  }
}

/** A message that may have arrived is never sent again: Dust has no idempotency key, and a second one costs money. */
function mayRepeat (call: DustRequest, error: DustError): boolean {
  const isIdempotent = call.isIdempotent ?? call.method === 'GET'
  return error.retryable && (isIdempotent || !error.wasSent)
}

function ignoreAbort (): void {
  // The body was given up on purpose; what its socket still has to say about that doesn't matter.
}
