import { request, type Dispatcher, type FormData } from 'undici'
import { DustError } from './errors.ts'
import type { DustOperation } from './operations.ts'
import { redirectTarget, storageTarget } from './redirect.ts'

export interface DustRequest {
  operation: DustOperation
  method: 'GET' | 'POST'
  /** Segments below `/api/v1/w/{workspaceId}`, not yet encoded; or an address that was found to be Dust's own. */
  path: string[] | URL
  /** In pairs when a name comes more than once. */
  query?: Record<string, string> | Array<[string, string]>
  body?: object
  /** Goes instead of a JSON body. */
  form?: FormData
  /** What of the request must never come back in an error. */
  secrets?: string[]
  /** Whether sending it twice does no harm; by default true for GET only. */
  isIdempotent?: boolean
  /** For an event stream: the answer's time limit ends at its headers, and redirects within the origin are followed. */
  isStream?: boolean
  /** For a file: a longer time limit, and one redirect to Dust's storage is followed, without the key. */
  isFile?: boolean
  signal?: AbortSignal | undefined
}

export interface SenderOptions {
  origin: string
  workspaceId: string
  apiKey: string
  dispatcher: Dispatcher
}

export interface Sender {
  /** Sends once, and again where a redirect says so; `headers` go where the key goes. Throws a DustError for an id that is none and for a redirect that isn't followed, and whatever the connection throws. */
  send (call: DustRequest, signal: AbortSignal, headers?: Readonly<Record<string, string>>): Promise<Dispatcher.ResponseData>
}

export function createSender ({ origin, workspaceId, apiKey, dispatcher }: SenderOptions): Sender {
  const prefix = `/api/v1/w/${encodeURIComponent(workspaceId)}`

  async function send (call: DustRequest, signal: AbortSignal, headers: Readonly<Record<string, string>> = {}): Promise<Dispatcher.ResponseData> {
    let url = addressOf(call)
    let hasKey = true
    for (let redirects = 0; ; redirects++) {
      const answer = await request(url, {
        dispatcher,
        method: call.method,
        signal,
        headersTimeout: 0, // undici's clock is coarse; the attempt has its own limit
        headers: { ...headersOf(call), ...(hasKey && { ...headers, authorization: `Bearer ${apiKey}` }) },
        body: call.form ?? (call.body === undefined ? null : JSON.stringify(call.body))
      })
      const location = headerText(answer.headers.location)
      const isRedirect = answer.statusCode >= 300 && answer.statusCode < 400 && location !== ''
      if (!isRedirect || (!call.isStream && !call.isFile)) return answer
      await answer.body.dump()
      const redirect = { operation: call.operation, status: answer.statusCode, location, from: url, count: redirects }
      url = call.isStream ? redirectTarget(redirect) : storageTarget(redirect)
      hasKey = call.isStream === true
    }
  }

  function addressOf ({ operation, path, query }: DustRequest): URL {
    if (path instanceof URL) return path
    if (path.some(isNoSegment)) throw noIdError(operation)
    const search = query === undefined ? '' : `?${new URLSearchParams(query)}`
    return new URL(prefix + path.map((segment) => `/${encodeURIComponent(segment)}`).join('') + search, origin)
  }

  return { send }
}

function headersOf ({ isStream, isFile, form }: DustRequest): Record<string, string> {
  return {
    accept: isStream ? 'text/event-stream' : isFile ? '*/*' : 'application/json',
    // A form names its own type, with the boundary between its parts.
    ...(form === undefined && { 'content-type': 'application/json' }),
    'user-agent': 'mcp-dust-server'
  }
}

/** What can't stand in a URL, or would be resolved there to another path than the one that was meant. */
function isNoSegment (segment: string): boolean {
  return segment === '' || segment === '.' || segment === '..' || !segment.isWellFormed()
}

function noIdError (operation: DustOperation): DustError {
  return new DustError({ operation, kind: 'bad_request', wasSent: false, message: 'An id is empty or no id of Dust: check it.' })
}

export function headerText (value: string | string[] | undefined): string {
  return (Array.isArray(value) ? value[0] : value) ?? ''
}
