import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js'
import { ErrorCode, isRequest, isResponse, type JSONRPCMessage, type JSONRPCRequest, type JSONRPCResponse, type RequestId } from '../json-rpc.ts'
import { EventStream } from './event-stream.ts'
import { Exchange, type ExchangeTiming } from './exchange.ts'
import { SESSION_NOT_FOUND, type HttpReply, type HttpRequest } from './http.ts'

/** The only header that handlers need; the others stay with HTTP. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** Where the answer to a request of the client goes. */
type Recipient = Pick<Exchange, 'answer' | 'notify' | 'abandon'>

/**
 * MCP's Streamable HTTP transport for one session, revisions 2024-11-05 to 2025-11-25, behind the SDK's `Transport` interface.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
 */
export class SessionTransport implements Transport {
  readonly sessionId: string
  onclose?: () => void
  onerror?: (error: Error) => void
  onmessage?: <T extends JSONRPCMessage>(message: T, extra?: MessageExtraInfo) => void
  readonly #timing: ExchangeTiming
  readonly #recipients = new Map<RequestId, Recipient>()
  #standalone: EventStream | undefined
  #isClosed = false

  constructor (sessionId: string, timing: ExchangeTiming) {
    this.sessionId = sessionId
    this.#timing = timing
  }

  async start (): Promise<void> {
    // Nothing to open: messages arrive with HTTP requests.
  }

  /** Whether a client listens on the standalone stream. */
  get isListening (): boolean {
    return this.#standalone?.isOpen === true
  }

  /** Whether a request with this id waits for its answer. */
  isPending (id: RequestId): boolean {
    return this.#recipients.has(id)
  }

  /** Takes the messages of one POST in and resolves to what answers it. */
  async post (messages: readonly JSONRPCMessage[], http: HttpRequest): Promise<HttpReply> {
    if (this.#isClosed) return SESSION_NOT_FOUND
    const ids = messages.filter(isRequest).map(({ id }) => id)
    if (ids.length === 0) {
      this.#deliver(messages, http)
      return { status: 202 }
    }
    const exchange = new Exchange(http, ids, { 'mcp-session-id': this.sessionId }, this.#timing)
    for (const id of ids) this.#recipients.set(id, exchange)
    this.#deliver(messages, http)
    return exchange.reply
  }

  /** Opens the standalone stream, for messages that belong to no request. There is one at a time. */
  listen (http: HttpRequest): HttpReply {
    if (this.#isClosed) return SESSION_NOT_FOUND
    this.#standalone = new EventStream(http, { 'mcp-session-id': this.sessionId }, this.#timing.keepAliveMs)
    return 'streaming'
  }

  stopListening (): void {
    this.#standalone?.end()
  }

  /** Puts a request in that came earlier, to another process or another life of this one, and keeps its answer from the client. */
  async replay (request: JSONRPCRequest): Promise<JSONRPCResponse> {
    return new Promise((resolve) => {
      const nothing = (): void => {}
      this.#recipients.set(request.id, { answer: resolve, notify: nothing, abandon: nothing })
      this.onmessage?.(request)
    })
  }

  async send (message: JSONRPCMessage, options?: TransportSendOptions): Promise<void> {
    if (isResponse(message)) {
      const { id } = message
      if (id === undefined) return
      const recipient = this.#recipients.get(id)
      this.#recipients.delete(id)
      recipient?.answer(message, id)
      return
    }
    const related = options?.relatedRequestId
    if (related === undefined) this.#standalone?.send(message)
    else this.#recipients.get(related)?.notify(message)
  }

  /** The client cancelled a request: it gets no answer. */
  abandon (id: RequestId): void {
    const recipient = this.#recipients.get(id)
    this.#recipients.delete(id)
    recipient?.abandon(id)
  }

  /** Answers every request that waits with an error. */
  refusePending (message: string): void {
    for (const [id, recipient] of this.#recipients) recipient.answer({ jsonrpc: '2.0', id, error: { code: ErrorCode.Refused, message } }, id)
    this.#recipients.clear()
  }

  /** Requests that still wait must have been refused before. */
  async close (): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#standalone?.end()
    this.onclose?.()
  }

  #deliver (messages: readonly JSONRPCMessage[], { requestId }: HttpRequest): void {
    const extra = { requestInfo: { headers: { [REQUEST_ID_HEADER]: requestId } } }
    for (const message of messages) this.onmessage?.(message, extra)
  }
}
