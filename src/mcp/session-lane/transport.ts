import { setTimeout as pause } from 'node:timers/promises'
import type { ServerNotification } from '@modelcontextprotocol/sdk/types.js'
import type { StreamRecord } from '../../store/event-log.ts'
import { EventStream } from '../event-stream.ts'
import { refuse, SESSION_NOT_FOUND, type HttpReply, type HttpRequest } from '../http.ts'
import {
  ErrorCode, isRequest, jsonRpcError, type JSONRPCNotification, type JSONRPCRequest, type JSONRPCResponse, type RequestId
} from '../json-rpc.ts'
import { readEventId, requestOf, STANDALONE, taskStream } from './event-id.ts'
import { Exchange, type ExchangeOptions } from './exchange.ts'
import type { ReplicaMessage } from './replica-message.ts'
import { StandaloneStream } from './standalone-stream.ts'
import { Streams, type StreamsOptions } from './streams.ts'
import { isTask, Tasks } from './tasks.ts'

/** From this revision on clients understand an event without a message. */
const FIRST_PRIMED_REVISION = '2025-11-25'

export interface TransportOptions extends StreamsOptions {
  /** After how long without an answer a reply becomes an event stream. */
  upgradeAfterMs: number
  /** Whether a request usually takes long: its reply is an event stream from the first moment. */
  isLongRunning: (request: JSONRPCRequest) => boolean
}

/** How long a close waits for what is still on its way into the log. */
const FLUSH_MS = 1000

const NOTHING_TO_RESUME = refuse(400, ErrorCode.InvalidRequest, 'Invalid Request: nothing comes after the event in Last-Event-ID, or nothing is known of it any more')
/** Nobody reads it. */
const CLIENT_LEFT: HttpReply = { status: 499 }

/** Who works on what comes in. */
export interface TransportHandlers {
  /** @param requestId stands for the HTTP request in logs */
  onrequest: (request: JSONRPCRequest, exchange: Exchange, requestId: string) => void
  onnotification: (notification: JSONRPCNotification) => void
  /** Another process works on these requests now. */
  onlost: (exchange: Exchange) => void
}

/**
 * MCP's Streamable HTTP transport for one session, revisions 2024-11-05 to 2025-11-25: what each POST and GET gets.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#streamable-http
 */
export class SessionTransport {
  readonly streams: Streams
  readonly standalone: StandaloneStream
  readonly tasks: Tasks
  readonly #sessionId: string
  readonly #options: TransportOptions
  readonly #handlers: TransportHandlers
  readonly #isPrimed: boolean
  readonly #exchangeOptions: ExchangeOptions
  /** Where the answers go to requests that wait for one. */
  readonly #recipients = new Map<RequestId, Exchange>()
  /** What is still being answered on a stream, by its name. */
  readonly #exchanges = new Map<string, Exchange>()
  /** Streams that the store couldn't open. One that hangs may do it later, though nobody works on them. */
  readonly #refused = new Set<string>()
  #isClosed = false

  constructor (sessionId: string, protocolVersion: string, options: TransportOptions, handlers: TransportHandlers) {
    this.#sessionId = sessionId
    this.#options = options
    this.#handlers = handlers
    this.#isPrimed = protocolVersion >= FIRST_PRIMED_REVISION
    this.streams = new Streams(sessionId, options)
    this.standalone = new StandaloneStream(this.streams, this.#isPrimed)
    this.tasks = new Tasks(this.streams)
    this.#exchangeOptions = {
      streams: this.streams,
      upgradeAfterMs: options.upgradeAfterMs,
      isPrimed: this.#isPrimed,
      onNamed: (exchange) => { this.#exchanges.set(exchange.stream, exchange) },
      onEnd: (exchange) => { this.#exchanges.delete(exchange.stream) },
      onLost: handlers.onlost
    }
  }

  /** Whether a client reads a stream here, or there is something to be sent or ended. */
  get isBusy (): boolean {
    return this.#recipients.size > 0 || this.streams.areRead || this.#exchanges.size > 0 || this.#refused.size > 0
  }

  /** Whether the client reads an answer that another process works on, or nobody. */
  get isWaiting (): boolean {
    return this.streams.isReading((name) => name !== STANDALONE && !this.#exchanges.has(name))
  }

  /** Whether a request with this id waits for its answer. */
  isPending (id: RequestId): boolean {
    return this.#recipients.has(id)
  }

  /** What is being answered on a stream. */
  get exchanges (): Iterable<Exchange> {
    return this.#exchanges.values()
  }

  /** What is being answered on this stream. */
  exchange (stream: string): Exchange | undefined {
    return this.#exchanges.get(stream)
  }

  /**
   * Takes the messages of one POST in and resolves to what answers it. Answers to our questions are not among them.
   *
   * @throws {StoreError}
   */
  async post (messages: ReadonlyArray<JSONRPCRequest | JSONRPCNotification>, http: HttpRequest): Promise<HttpReply> {
    if (this.#isClosed) return SESSION_NOT_FOUND
    const requests = messages.filter(isRequest)
    const notifications = messages.filter((message) => !isRequest(message))
    const [request] = requests
    if (request === undefined) {
      for (const notification of notifications) this.#handlers.onnotification(notification)
      return { status: 202 }
    }
    if (this.#hasTasks && messages.length === 1) {
      if (request.method === 'tasks/result') return this.tasks.read(request, http, this.#isPrimed)
      if (isTask(request) && this.#options.isLongRunning(request)) return this.#startTask(request, http)
    }
    const exchange = this.#add(new Exchange(requests, this.#exchangeOptions, http))
    if (requests.some(this.#options.isLongRunning) && !await this.#begin(exchange)) return this.#giveUp(exchange)
    // First, since a batch may cancel what came with it.
    for (const notification of notifications) this.#handlers.onnotification(notification)
    this.#work(exchange, http.requestId)
    return exchange.reply
  }

  /**
   * Ends what the store may have opened after all, once it works again.
   *
   * @throws {StoreError}
   */
  async endRefused (): Promise<void> {
    const { log, replica } = this.#options
    for (const stream of this.#refused) {
      await log.end(this.streams.key(stream), replica)
      this.#refused.delete(stream)
    }
  }

  /** Takes in calls whose process is gone. */
  pickUp (record: StreamRecord, unanswered: readonly JSONRPCRequest[]): Exchange {
    return this.#add(Exchange.pickUp(record, unanswered, this.#exchangeOptions))
  }

  /**
   * Opens the stream for messages that belong to no request. Resolves to whether the client may have missed some.
   *
   * @param eventId from which the client goes on, if it listened before
   * @throws {StoreError}
   */
  async listen (http: HttpRequest, eventId?: string): Promise<boolean> {
    return this.standalone.listen(http, eventId === undefined ? undefined : readEventId(eventId)?.seq)
  }

  /** Goes on with a stream from the event after the given one, for a client that lost its connection. */
  async resume (http: HttpRequest, eventId: string): Promise<HttpReply> {
    const { stream, seq } = readEventId(eventId) ?? { stream: '', seq: 0 }
    const view = await this.tasks.view(stream)
    if (await this.streams.resume(stream, http, seq, { isPrimed: this.#isPrimed, view }) !== undefined) return 'streaming'
    const request = requestOf(stream)
    if (request === undefined || await this.#options.log.record(this.streams.key(stream)) !== undefined) return NOTHING_TO_RESUME
    // Whoever waits for the answer must not wait for ever.
    const connection = new EventStream(http, { 'mcp-session-id': this.#sessionId }, this.#options.keepAliveMs)
    connection.send(JSON.stringify(jsonRpcError(ErrorCode.Refused, 'The answer is lost: nothing is known of this call any more. It may have had its effect.', request)))
    connection.end()
    return 'streaming'
  }

  /** Another replica tells of a stream. */
  hear ({ type, stream, ...message }: Extract<ReplicaMessage, { type: 'appended' | 'reading' }>): void {
    if (type === 'appended') return this.streams.wake((name) => name === stream)
    if (!('replica' in message) || message.replica === this.#options.replica) return
    if (stream === STANDALONE) this.standalone.yield()
    else if (this.#exchanges.has(stream)) this.streams.leave(stream)
    else this.streams.dismiss(stream)
  }

  /** Looks into the log for those who read what another replica writes: its word may get lost. */
  wake (): void {
    this.streams.wake((name) => name !== STANDALONE && !this.#exchanges.has(name))
  }

  /** Answers a request, if it still waits. */
  answer (response: JSONRPCResponse & { id: RequestId }): void {
    const recipient = this.#recipients.get(response.id)
    this.#recipients.delete(response.id)
    recipient?.answer(response, response.id)
  }

  /** Sends what belongs to a request, if it still waits. */
  notify (id: RequestId, notification: ServerNotification): void {
    this.#recipients.get(id)?.notify({ jsonrpc: '2.0', ...notification }).catch(this.#options.onStoreError)
  }

  /** The client cancelled a request: it gets no answer. Whoever asks for the result of a task does. */
  abandon (id: RequestId): void {
    const recipient = this.#recipients.get(id)
    this.#recipients.delete(id)
    if (this.#exchanges.has(taskStream(String(id)))) recipient?.answer({ jsonrpc: '2.0', id, error: { code: ErrorCode.Refused, message: 'The task was cancelled.' } }, id)
    else recipient?.abandon(id)
  }

  /** Answers every request that waits with an error. */
  refusePending (message: string): void {
    for (const [id, recipient] of this.#recipients) recipient.answer({ jsonrpc: '2.0', id, error: { code: ErrorCode.Refused, message } }, id)
    this.#recipients.clear()
  }

  /** Requests that still wait must have been refused before, or moved. */
  async close (): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    const exchanges = [...this.#exchanges.values()]
    const flushed = new AbortController()
    await Promise.race([
      Promise.all(exchanges.map((exchange) => exchange.flush())).then(() => { flushed.abort() }),
      pause(FLUSH_MS, undefined, { signal: flushed.signal, ref: false }).catch(() => {}) // the abort
    ])
    await Promise.all([this.standalone.close(), ...exchanges.map((exchange) => exchange.stop())])
    this.streams.close()
  }

  /** Revisions with tasks have no batches. */
  get #hasTasks (): boolean {
    return this.#isPrimed
  }

  async #startTask (request: JSONRPCRequest, http: HttpRequest): Promise<HttpReply> {
    const { call, reply } = this.tasks.create(request)
    const exchange = this.#add(new Exchange([call], this.#exchangeOptions, undefined, taskStream(String(call.id))))
    await this.#begin(exchange)
    this.#work(exchange, http.requestId)
    return reply
  }

  /**
   * Makes it known to other processes before the work begins. Resolves to whether the client is still there.
   *
   * @throws {StoreError}
   */
  async #begin (exchange: Exchange): Promise<boolean> {
    try {
      return await exchange.begin()
    } catch (error) {
      this.#giveUp(exchange)
      this.#refused.add(exchange.stream)
      throw error
    }
  }

  #add (exchange: Exchange): Exchange {
    for (const { id } of exchange.requests) this.#recipients.set(id, exchange)
    return exchange
  }

  /** Its requests are never worked on: nobody would get the answer. */
  #giveUp (exchange: Exchange): HttpReply {
    this.#exchanges.delete(exchange.stream)
    for (const { id } of exchange.requests) this.#recipients.delete(id)
    return CLIENT_LEFT
  }

  #work (exchange: Exchange, requestId: string): void {
    for (const request of exchange.requests) this.#handlers.onrequest(request, exchange, requestId)
  }
}
