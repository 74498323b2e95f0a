import { setImmediate as nextTurn } from 'node:timers/promises'
import type { StreamRecord } from '../../store/event-log.ts'
import type { HttpReply, HttpRequest } from '../http.ts'
import { serialize, type JSONRPCMessage, type JSONRPCRequest, type JSONRPCResponse, type RequestId } from '../json-rpc.ts'
import { CallJournal, type Answer } from './call-journal.ts'
import { nameStream } from './event-id.ts'
import { StreamWriter } from './stream-writer.ts'
import type { Streams } from './streams.ts'

export interface ExchangeOptions {
  streams: Streams
  /** After how long without an answer the reply becomes an event stream, so that no proxy or client gives up on it. */
  upgradeAfterMs: number
  /** Whether the client understands an event without a message, from which it can come back. */
  isPrimed: boolean
  /** It may become an event stream, which has a name from now on. */
  onNamed: (exchange: Exchange) => void
  /** Everything was answered, and the answers are on their way; or another process goes on. Only called for what has a name. */
  onEnd: (exchange: Exchange) => void
  /** Another process works on it now. */
  onLost: (exchange: Exchange) => void
}

/**
 * What answers one POST: its reply is plain JSON when the only answer comes quickly and silently,
 * and becomes an event stream with the first notification, after a while, or for a batch.
 */
export class Exchange {
  readonly requests: readonly JSONRPCRequest[]
  /** Settles once: with the answer, or as soon as the reply is a stream. */
  readonly reply: Promise<HttpReply>
  readonly #options: ExchangeOptions
  /** `undefined` when the POST came to another process. */
  readonly #http: HttpRequest | undefined
  readonly #open: Set<RequestId>
  readonly #upgrade: NodeJS.Timeout | undefined
  #stream: string | undefined
  #resolve: (reply: HttpReply) => void = () => {}
  #writer: StreamWriter | undefined
  #journal: CallJournal | undefined
  /** Whether the stream is open in the log, or can't be any more. */
  #opened: Promise<void> = Promise.resolve()
  #isLogged = false
  #isSilent = false

  constructor (requests: readonly JSONRPCRequest[], options: ExchangeOptions, http: HttpRequest | undefined, stream?: string) {
    this.requests = requests
    this.#options = options
    this.#http = http
    this.#open = new Set(requests.map(({ id }) => id))
    this.reply = new Promise((resolve) => { this.#resolve = resolve })
    if (stream !== undefined) this.#name(stream)
    if (http === undefined) return
    this.#upgrade = setTimeout(() => { this.#becomeStream() }, options.upgradeAfterMs)
    this.#upgrade.unref()
  }

  /** Goes on where another process has stopped. */
  static pickUp (record: StreamRecord, unanswered: readonly JSONRPCRequest[], options: ExchangeOptions): Exchange {
    const exchange = new Exchange(unanswered, options, undefined, record.stream)
    exchange.#writer = exchange.#createWriter(record.lastSeq)
    exchange.#journal = exchange.#createJournal(record.notes)
    exchange.#isLogged = true
    return exchange
  }

  /** The name of the event stream. Most replies are none and get no name. */
  get stream (): string {
    return this.#stream ?? this.#name(nameStream(this.requests))
  }

  /**
   * Makes the reply an event stream before the work begins: the client can come back from the first moment on.
   * Resolves to whether the client is still there.
   *
   * @throws {StoreError}
   */
  async begin (): Promise<boolean> {
    // Until it's known whether there is a stream, there is no reply.
    clearTimeout(this.#upgrade)
    const { streams } = this.#options
    const { log, replica } = streams.options
    await log.open(streams.key(this.stream), replica, JSON.stringify(this.requests))
    this.#writer = this.#createWriter(0)
    this.#journal = this.#createJournal()
    this.#isLogged = true
    if (this.#isDropped) await this.#writer.end()
    else this.#connect()?.()
    return !this.#isDropped
  }

  /** Sends a notification or a request of ours that belongs to this POST. Resolves when it's kept for a client that comes back. */
  async notify (message: JSONRPCMessage): Promise<void> {
    if (!this.#isSilent) await this.#becomeStream()?.send(serialize(message))
  }

  /** The work on one of the requests begins. */
  noteOperation (): void {
    this.#http?.onOperation()
  }

  answer (message: JSONRPCResponse, id: RequestId): void {
    if (this.#isSilent) return
    this.#open.delete(id)
    const isLast = this.#open.size === 0
    if (this.#writer === undefined && isLast) {
      this.#settle({ status: 200, headers: { 'mcp-session-id': this.#options.streams.key('').session }, json: serialize(message) })
      return
    }
    const sent = this.#becomeStream()?.send(serialize(message), isLast)
    if (isLast) this.#endAfter(sent)
  }

  /** No answer to this request will come, since the client cancelled it. */
  abandon (id: RequestId): void {
    this.#open.delete(id)
    if (this.#open.size > 0) return
    if (this.#writer === undefined && this.#http !== undefined && !this.#isDropped) {
      this.#options.streams.read(this.stream, this.#http, 0).end()
      this.#settle('streaming')
    }
    const writer = this.#writer
    // After what the cancel sets off: questions of the call are withdrawn.
    this.#endAfter(writer === undefined ? undefined : nextTurn().then(() => writer.end()))
  }

  /** Ends the connection; the client comes back for the rest. One that couldn't keeps it. */
  closeConnection (): void {
    if (!this.#options.isPrimed) return
    // After what was sent before.
    this.#becomeStream()?.flush().finally(() => { this.#options.streams.dismiss(this.stream) })
  }

  /** Whether it's known to other processes. */
  get isLogged (): boolean {
    return this.#isLogged
  }

  /** Whether the client can get the answer from another process. */
  get isMovable (): boolean {
    return this.#writer !== undefined && this.#options.isPrimed
  }

  /** Resolves when what was sent so far is in the log. */
  async flush (): Promise<void> {
    await this.#writer?.flush()
  }

  /** Writes no more. */
  async stop (): Promise<void> {
    await this.#writer?.close()
  }

  /** Sends nothing more, in order to be moved. */
  fallSilent (): void {
    this.#isSilent = true
  }

  /** Leaves the work to another process. The client comes back for the rest. */
  async move (): Promise<void> {
    const { streams } = this.#options
    const { log, replica } = streams.options
    await this.#writer?.close()
    // If it can't be done, others notice sooner or later that we are gone.
    await log.hand(streams.key(this.stream), replica, null).catch(streams.options.onStoreError)
    streams.dismiss(this.stream)
    this.#options.onEnd(this)
  }

  /** Whether the client left, whose POST came here. */
  get #isDropped (): boolean {
    return this.#http?.isClosed() === true
  }

  #name (stream: string): string {
    this.#stream = stream
    this.#options.onNamed(this)
    return stream
  }

  /** Where it's noted what another process must know to go on. `undefined` when nobody will come back for the answer. */
  async journal (): Promise<CallJournal | undefined> {
    this.#becomeStream()
    await this.#opened
    return this.#journal
  }

  /** The client has answered a question that was asked here. */
  async takeAnswer (name: string, answer: Answer): Promise<void> {
    await this.#journal?.take(name, answer)
  }

  /** Takes in what was noted elsewhere. */
  learn (notes: Readonly<Record<string, string>>): void {
    this.#journal?.learn(notes)
  }

  #createWriter (seq: number): StreamWriter {
    return new StreamWriter(this.stream, seq, this.#options.streams, () => { this.#options.onLost(this) })
  }

  #createJournal (notes: Readonly<Record<string, string>> = {}): CallJournal {
    const { streams } = this.#options
    return new CallJournal(streams.key(this.stream), streams.options, notes)
  }

  /** `undefined` when it can't become one: its client has left before, and nobody can come back to it. */
  #becomeStream (): StreamWriter | undefined {
    if (this.#writer !== undefined || this.#isDropped) {
      this.#settle('streaming')
      return this.#writer
    }
    this.#writer = this.#createWriter(0)
    const prime = this.#connect()
    this.#journal = this.#createJournal()
    this.#opened = this.#writer.open(JSON.stringify(this.requests), () => {
      this.#isLogged = true
      prime?.()
    })
    return this.#writer
  }

  /** Makes the reply a stream. Returns what gives the client an event to come back from. */
  #connect (): (() => void) | undefined {
    if (this.#http === undefined) return undefined
    const { streams, isPrimed } = this.#options
    const reader = streams.read(this.stream, this.#http, 0)
    this.#settle('streaming')
    return () => { if (isPrimed) reader.prime(streams.options.retryMs) }
  }

  #endAfter (sent: Promise<void> = Promise.resolve()): void {
    if (this.#stream !== undefined) sent.finally(() => { this.#options.onEnd(this) })
  }

  #settle (reply: HttpReply): void {
    clearTimeout(this.#upgrade)
    this.#resolve(reply)
  }
}
