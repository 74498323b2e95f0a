import { Agent, request, type Dispatcher } from 'undici'
import { backoffMs, pause } from './backoff.ts'
import { cancelledError, DustError, type DustErrorKind } from './errors.ts'
import { parseJson } from './json.ts'
import { networkError, timeoutError } from './network-error.ts'
import type { DustOperation } from './operations.ts'
import { redirectTarget } from './redirect.ts'
import { responseError } from './response-error.ts'
import { openScope } from './scope.ts'
import type { DustTiming } from './timing.ts'

export interface DustRequest {
  operation: DustOperation
  method: 'GET' | 'POST'
  /** Segments below `/api/v1/w/{workspaceId}`, not yet encoded. */
  path: string[]
  query?: Record<string, string>
  body?: object
  /** What of the body must never come back in an error. */
  prompt?: string
  /** Whether sending it twice does no harm; by default true for GET only. */
  isIdempotent?: boolean
  /** For an event stream: the answer's time limit ends at its headers, and redirects within the origin are followed. */
  isStream?: boolean
  signal?: AbortSignal | undefined
}

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

export interface RequesterOptions {
  origin: string
  workspaceId: string
  apiKey: string
  timing: DustTiming
  onRequest: (observation: RequestObservation) => void
}

/** An answer whose body is still to be read. `end` must be called once, with the failure if there was one. */
export interface OpenAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: Dispatcher.ResponseData['body']
  end (failure?: DustError): void
  /** Turns whatever reading the body threw into a DustError. */
  toError (thrown: unknown): DustError
}

export interface Requester {
  /** Aborted when the client closes. */
  readonly closing: AbortSignal
  /** Where people find the workspace. */
  readonly webAddress: string
  /** One attempt, answered 2xx, body unread. Throws DustError. */
  open (call: DustRequest, attempt: number, retryOf?: DustErrorKind): Promise<OpenAnswer>
  /** As many attempts as are safe; the parsed JSON of a 2xx answer. Throws DustError. */
  json (call: DustRequest, maxAttempts?: number): Promise<unknown>
  close (): Promise<void>
}

const maxJsonAttempts = 4

export function createRequester (options: RequesterOptions): Requester {
  const { origin, timing, onRequest } = options
  // One stream is one connection: shared HTTP/2 connections would tie the fate of all runs together.
  const dispatcher = new Agent({ allowH2: false, bodyTimeout: 0, connect: { timeout: Math.min(timing.requestTimeoutMs, 10_000) } })
  const closing = new AbortController()
  const prefix = `/api/v1/w/${encodeURIComponent(options.workspaceId)}`

  /** Every request to Dust goes through here and is observed here, once per attempt, when it ended. */
  async function open (call: DustRequest, attempt: number, retryOf?: DustErrorKind): Promise<OpenAnswer> {
    const startedAt = performance.now()
    const isIdempotent = call.isIdempotent ?? call.method === 'GET'
    const scope = openScope(call.signal, closing.signal)
    let isLate = false
    let hasEnded = false
    let status = 0
    let answeredMs: number | undefined
    let body: Dispatcher.ResponseData['body'] | undefined
    const limit = setTimeout(() => {
      isLate = true
      scope.abort()
    }, timing.requestTimeoutMs)

    function end (failure?: DustError): void {
      if (hasEnded) return
      hasEnded = true
      clearTimeout(limit)
      scope.release()
      // Destroying a body that was read to its end does nothing; one that wasn't takes its connection along.
      body?.on('error', ignoreAbort).destroy()
      const durationMs = performance.now() - startedAt
      const { operation, method } = call
      onRequest({
        operation,
        method,
        status: status || (failure?.status ?? 0),
        answeredMs: answeredMs ?? durationMs,
        durationMs,
        attempt,
        ...(failure && { error: failure.kind }),
        ...(retryOf && { retryOf })
      })
    }

    function toError (thrown: unknown): DustError {
      if (thrown instanceof DustError) return thrown
      if (isLate) return timeoutError(call.operation, timing.requestTimeoutMs, isIdempotent)
      if (scope.signal.aborted) return cancelledError(call.operation)
      return networkError(call.operation, thrown, isIdempotent)
    }

    try {
      if (scope.signal.aborted) throw cancelledError(call.operation)
      if (call.path.some(isNoSegment)) throw noIdError(call.operation)
      const answer = await send(call, scope.signal)
      status = answer.statusCode
      answeredMs = performance.now() - startedAt
      body = answer.body
      const contentType = headerText(answer.headers['content-type'])
      if (status < 200 || status > 299) {
        const secrets = [options.apiKey, call.prompt ?? '']
        throw responseError({ operation: call.operation, status, contentType, body: await body.text(), isIdempotent, secrets })
      }
      if (call.isStream) clearTimeout(limit)
      return { status, contentType, body, end, toError }
    } catch (thrown) {
      const failure = toError(thrown)
      end(failure)
      throw failure
    }
  }

  async function send (call: DustRequest, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const query = call.query === undefined ? '' : `?${new URLSearchParams(call.query)}`
    let url = new URL(prefix + call.path.map((segment) => `/${encodeURIComponent(segment)}`).join('') + query, origin)
    for (let redirects = 0; ; redirects++) {
      const answer = await request(url, {
        dispatcher,
        method: call.method,
        signal,
        headersTimeout: 0, // undici's clock is coarse; the attempt has its own limit
        headers: {
          authorization: `Bearer ${options.apiKey}`,
          accept: call.isStream ? 'text/event-stream' : 'application/json',
          'content-type': 'application/json',
          'user-agent': 'mcp-dust-server'
        },
        ...(call.body && { body: JSON.stringify(call.body) })
      })
      const location = headerText(answer.headers.location)
      const isRedirect = answer.statusCode >= 300 && answer.statusCode < 400 && location !== ''
      if (!call.isStream || !isRedirect) return answer
      await answer.body.dump()
      url = redirectTarget({ operation: call.operation, status: answer.statusCode, location, from: url, count: redirects })
    }
  }

  async function json (call: DustRequest, maxAttempts = maxJsonAttempts): Promise<unknown> {
    const scope = openScope(call.signal, closing.signal)
    let retryOf: DustErrorKind | undefined
    try {
      for (let attempt = 1; ; attempt++) {
        try {
          return await readJson(call, attempt, retryOf)
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

  async function readJson (call: DustRequest, attempt: number, retryOf?: DustErrorKind): Promise<unknown> {
    const answer = await open(call, attempt, retryOf)
    let failure: DustError | undefined
    try {
      const parsed = parseJson(await answer.body.text())
      if (parsed !== undefined) return parsed
      throw new DustError({
        operation: call.operation,
        kind: 'invalid_response',
        status: answer.status,
        message: `Dust answered ${answer.status} with ${answer.contentType || 'no content type'} that is not JSON: check DUST_BASE_URL and that no proxy answers in Dust's place.`
      })
    } catch (thrown) {
      failure = answer.toError(thrown)
      throw failure
    } finally {
      answer.end(failure)
    }
  }

  return {
    closing: closing.signal,
    webAddress: new URL(`/w/${encodeURIComponent(options.workspaceId)}`, origin).href,
    open,
    json,
    async close () {
      closing.abort()
      await dispatcher.destroy()
    }
  }
}

/** A message that may have arrived is never sent again: Dust has no idempotency key, and a second one costs money. */
function mayRepeat (call: DustRequest, error: DustError): boolean {
  const isIdempotent = call.isIdempotent ?? call.method === 'GET'
  return error.retryable && (isIdempotent || !error.wasSent)
}

/** What can't stand in a URL, or would be resolved there to another path than the one that was meant. */
function isNoSegment (segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed()
}

function noIdError (operation: DustOperation): DustError {
  return new DustError({ operation, kind: 'bad_request', wasSent: false, message: 'An id is empty or no id of Dust: check it.' })
}

function headerText (value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

function ignoreAbort (): void {
  // The body was given up on purpose; what its socket still has to say about that doesn't matter.
}
