import { randomUUID } from 'node:crypto'
import type { Transport, TransportSendOptions } from '@modelcontextprotocol/sdk/shared/transport.js'
import type { MessageExtraInfo } from '@modelcontextprotocol/sdk/types.js'
import type { EventLog, LoggedEvent } from '../../store/event-log.ts'
import { refuse, REQUEST_ID_HEADER, SESSION_NOT_FOUND, type HttpReply, type HttpRequest } from '../http.ts'
import { ErrorCode, isRequest, isResponse, serialize, type JSONRPCMessage, type JSONRPCRequest, type JSONRPCResponse, type RequestId } from '../json-rpc.ts'
import { Exchange } from './exchange.ts'
import { ResumableStream } from './resumable-stream.ts'

/** The stream for messages that belong to no request. */
const STANDALONE = 'standalone'

/** From this revision on clients understand an event without a message. */
const FIRST_PRIMED_REVISION = '2025-11-25'

export interface TransportOptions {
  eventLog: EventLog
  /** After how long without an answer a reply becomes an event stream. */
  upgradeAfterMs: number
  /** Time between two comments on a silent event stream. */
  keepAliveMs: number
  /** How long a client whose stream ended early waits before it comes back for the rest. */
  retryMs: number
  onStoreError: (error: unknown) => void
}

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
  readonly #options: TransportOptions
  readonly #headers: Record<string, string>
  readonly #canBePrimed: boolean
  readonly #recipients = new Map<RequestId, Recipient>()
  /** What is still being answered, by the name of its stream. */
  readonly #exchanges = new Map<string, Exchange>()
  #standalone: ResumableStream | undefined
  #isClosed = false

  constructor (sessionId: string, protocolVersion: string, options: TransportOptions) {
    this.sessionId = sessionId
    this.#options = options
    this.#headers = { 'mcp-session-id': sessionId }
    this.#canBePrimed = protocolVersion >= FIRST_PRIMED_REVISION
  }

  async start (): Promise<void> {
    // Nothing to open: messages arrive with HTTP requests.
  }

  /** Whether a client listens on the standalone stream. */
  get isListening (): boolean {
    return this.#standalone?.isConnected === true
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
    const name = randomUUID()
    const exchange = new Exchange(http, ids, this.#headers, this.#createStream(name), this.#options.upgradeAfterMs, () => { this.#exchanges.delete(name) })
    this.#exchanges.set(name, exchange)
    for (const id of ids) this.#recipients.set(id, exchange)
    this.#deliver(messages, http, exchange)
    return exchange.reply
  }

  /** Opens the standalone stream, for messages that belong to no request. There is one at a time. */
  listen (http: HttpRequest): HttpReply {
    if (this.#isClosed) return SESSION_NOT_FOUND
    this.#standalone ??= this.#createStream(STANDALONE)
    this.#standalone.connect(http)
    return 'streaming'
  }

  /** Goes on with a stream from the event after the given one, for a client that lost its connection. */
  async resume (http: HttpRequest, eventId: string): Promise<HttpReply> {
    if (this.#isClosed) return SESSION_NOT_FOUND
    const name = eventId.slice(0, eventId.lastIndexOf('.'))
    const missed = async () => (await this.#options.eventLog.after(this.sessionId, eventId))?.events
    if (name === STANDALONE) {
      this.#standalone ??= this.#createStream(STANDALONE)
      return await this.#standalone.resume(http, missed) ? 'streaming' : this.listen(http)
    }
    const exchange = this.#exchanges.get(name)
    const resumed = exchange === undefined ? await this.#replay(http, name, missed) : await exchange.resume(http, missed)
    return resumed ? 'streaming' : refuse(400, ErrorCode.InvalidRequest, 'Invalid Request: nothing comes after the event in Last-Event-ID, or nothing is known of it any more')
  }

  stopListening (): void {
    this.#standalone?.disconnect()
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
    if (related === undefined) this.#standalone?.send(serialize(message))
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
    await this.#standalone?.end()
    this.onclose?.()
  }

  #createStream (name: string): ResumableStream {
    const { eventLog, keepAliveMs, retryMs, onStoreError } = this.#options
    return new ResumableStream({ append: (data) => eventLog.append(this.sessionId, name, data) }, {
      headers: this.#headers, keepAliveMs, retryMs: this.#canBePrimed ? retryMs : null, onJournalError: onStoreError
    })
  }

  /** A stream that has ended: what the client missed of it is all that there is. One that missed nothing would come back for ever. */
  async #replay (http: HttpRequest, name: string, missed: () => Promise<LoggedEvent[] | undefined>): Promise<boolean> {
    const stream = this.#createStream(name)
    const resumed = await stream.resume(http, async () => {
      const events = await missed()
      return events?.length === 0 ? undefined : events
    })
    await stream.end()
    return resumed
  }

  #deliver (messages: readonly JSONRPCMessage[], { requestId }: HttpRequest, exchange?: Exchange): void {
    const extra = {
      // The only header that handlers need; the others stay with HTTP.
      requestInfo: { headers: { [REQUEST_ID_HEADER]: requestId } },
      ...(exchange === undefined || !this.#canBePrimed ? {} : { closeSSEStream: () => { exchange.closeConnection() } })
    }
    for (const message of messages) this.onmessage?.(message, extra)
  }
}
