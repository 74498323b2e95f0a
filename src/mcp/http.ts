import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { ErrorCode, jsonRpcError } from './json-rpc.ts'

/** By which our logs and the client's know a request. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** One HTTP request to `/mcp`, as the lanes see it: nothing of the web framework. */
export interface HttpRequest {
  headers: IncomingHttpHeaders
  /** The parsed JSON body. */
  body: unknown
  /** Who asks. */
  caller: string
  /** What the caller has brought to act with beyond this server, if anything. Nothing here looks into it, and no store sees it. */
  credential: object | null
  /** Stands for this request in logs. */
  requestId: string
  /** Takes the reply away from the framework and sends its head; the caller of this function owns the response from then on. */
  startStream (headers: OutgoingHttpHeaders): ServerResponse
  /** Is called when an operation begins for which it asked, and which will leave a line in the log. */
  onOperation (): void
  /** Is called with each event that was sent on the stream. */
  onEvent (): void
  /** Is called when the stream was cut because its reader was too far behind. */
  onBacklog (): void
  /** Whether the reply is over, or its client has left. */
  isClosed (): boolean
  /** Calls back once when the connection of the reply has closed, for whatever reason; at once when it has already. */
  onClose (listener: () => void): void
}

/** What to answer: a plain reply, whose body is JSON already or still has to become it, or nothing any more because the reply became an event stream. */
export type HttpReply = { status: number, headers?: OutgoingHttpHeaders, body?: unknown, json?: string } | 'streaming'

/** For a session that never was, is over, or is somebody else's: nobody can tell which. */
export const SESSION_NOT_FOUND: HttpReply = { status: 404, body: jsonRpcError(ErrorCode.SessionNotFound, 'Session not found') }

export function refuse (status: number, code: number, message: string, headers: Record<string, string> = {}): Exclude<HttpReply, 'streaming'> {
  return { status, headers, body: jsonRpcError(code, message) }
}

/** A header that came once, or `undefined`. */
export function header (headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name]
  return Array.isArray(value) ? value[0] : value
}
