import { InitializeRequestSchema, SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js'
import { header, refuse, SESSION_NOT_FOUND, type HttpReply, type HttpRequest } from '../http.ts'
import { ErrorCode, isMessage, isObject, isRequest, jsonRpcError, type JSONRPCMessage } from '../json-rpc.ts'
import type { SessionManager } from './session-manager.ts'
import type { Session } from './session.ts'

const BATCH_LIMIT = 100
/** It is kept for as long as the session lives. */
const INITIALIZE_LIMIT_CHARACTERS = 16_384

/**
 * Serves the revisions of MCP that have sessions, 2024-11-05 to 2025-11-25: what a POST, GET or DELETE to `/mcp` gets.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
 */
export class SessionLane {
  readonly #sessions: SessionManager

  constructor (sessions: SessionManager) {
    this.#sessions = sessions
  }

  async post (http: HttpRequest): Promise<HttpReply> {
    const accept = header(http.headers, 'accept') ?? ''
    if (!accept.includes('application/json') || !accept.includes('text/event-stream')) {
      return refuse(406, ErrorCode.Refused, 'Not Acceptable: the client must accept both application/json and text/event-stream')
    }
    const messages: unknown[] = Array.isArray(http.body) ? http.body : [http.body]
    if (messages.length === 0 || messages.length > BATCH_LIMIT || !messages.every(isMessage)) {
      return refuse(400, ErrorCode.InvalidRequest, `Invalid Request: the body must be a JSON-RPC 2.0 message, or a batch of 1 to ${BATCH_LIMIT}`)
    }
    if (messages.some(isInitialize)) return this.#initialize(messages, http)

    const session = await this.#find(http)
    if (isReply(session)) return session
    const duplicate = firstDuplicate(messages, session)
    if (duplicate !== undefined) {
      return refuse(400, ErrorCode.InvalidRequest, `Invalid Request: a request with the id ${JSON.stringify(duplicate)} is running already`)
    }
    return session.post(messages, http)
  }

  async get (http: HttpRequest): Promise<HttpReply> {
    if (!header(http.headers, 'accept')?.includes('text/event-stream')) {
      return refuse(406, ErrorCode.Refused, 'Not Acceptable: the client must accept text/event-stream')
    }
    const session = await this.#find(http)
    if (isReply(session)) return session
    const lastEventId = header(http.headers, 'last-event-id')
    if (lastEventId !== undefined) return session.resume(http, lastEventId)
    return session.listen(http)
  }

  async delete (http: HttpRequest): Promise<HttpReply> {
    const session = await this.#find(http)
    if (isReply(session)) return session
    return await this.#sessions.delete(session.id) ? { status: 200 } : SESSION_NOT_FOUND
  }

  async #initialize (messages: readonly JSONRPCMessage[], http: HttpRequest): Promise<HttpReply> {
    const [message] = messages
    if (messages.length > 1 || message === undefined) {
      return refuse(400, ErrorCode.InvalidRequest, 'Invalid Request: initialize must come alone')
    }
    if (header(http.headers, 'mcp-session-id') !== undefined) {
      const session = await this.#find(http)
      return isReply(session) ? session : refuse(400, ErrorCode.InvalidRequest, 'Invalid Request: this session is initialized already')
    }
    const initialize = InitializeRequestSchema.safeParse(message)
    if (!initialize.success || !isRequest(message) || !isObject(message.params)) {
      return { status: 400, body: jsonRpcError(ErrorCode.InvalidParams, 'Invalid initialize request: protocolVersion, capabilities and clientInfo are needed', isRequest(message) ? message.id : null) }
    }
    if (JSON.stringify(message.params).length > INITIALIZE_LIMIT_CHARACTERS) {
      return { status: 400, body: jsonRpcError(ErrorCode.InvalidParams, `Invalid initialize request: its params are longer than ${INITIALIZE_LIMIT_CHARACTERS} characters`, message.id) }
    }
    const result = await this.#sessions.shakeHands(message)
    const session = await this.#sessions.open(message.params, result.protocolVersion, http)
    if (session === undefined) return refuse(503, ErrorCode.Refused, 'Too many sessions; try again later', { 'retry-after': '60' })
    return { status: 200, headers: { 'mcp-session-id': session.id }, body: { jsonrpc: '2.0', id: message.id, result } }
  }

  async #find (http: HttpRequest): Promise<Session | HttpReply> {
    const id = header(http.headers, 'mcp-session-id')
    if (id === undefined) return refuse(400, ErrorCode.Refused, 'Bad Request: the Mcp-Session-Id header is missing')
    const session = await this.#sessions.find(id, http.caller)
    if (session === undefined) return SESSION_NOT_FOUND
    const version = header(http.headers, 'mcp-protocol-version')
    if (version !== undefined && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
      return refuse(400, ErrorCode.Refused, `Bad Request: unsupported protocol version (supported: ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')})`)
    }
    session.bring(http.credential)
    return session
  }
}

function isReply (value: Session | HttpReply): value is HttpReply {
  return value === 'streaming' || 'status' in value
}

function isInitialize (message: JSONRPCMessage): boolean {
  return 'method' in message && message.method === 'initialize'
}

function firstDuplicate (messages: readonly JSONRPCMessage[], session: Session) {
  const seen = new Set()
  for (const message of messages) {
    if (!isRequest(message)) continue
    if (seen.has(message.id) || session.isPending(message.id)) return message.id
    seen.add(message.id)
  }
  return undefined
}
