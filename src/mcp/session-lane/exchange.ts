import type { JSONRPCMessage, JSONRPCResponse, RequestId } from '../json-rpc.ts'
import { EventStream } from './event-stream.ts'
import type { HttpReply, HttpRequest } from './http.ts'

export interface ExchangeTiming {
  /** After how long without an answer the reply becomes an event stream, so that no proxy or client gives up on it. */
  upgradeAfterMs: number
  /** Time between two comments on a silent event stream. */
  keepAliveMs: number
}

/**
 * The HTTP side of one POST: its reply is plain JSON when the only answer comes quickly and silently,
 * and becomes an event stream with the first notification, after a while, or for a batch.
 */
export class Exchange {
  /** Settles once: with the answer, or as soon as the reply is a stream. */
  readonly reply: Promise<HttpReply>
  readonly #http: HttpRequest
  readonly #headers: Record<string, string>
  readonly #keepAliveMs: number
  readonly #open: Set<RequestId>
  readonly #upgrade: NodeJS.Timeout
  #resolve: (reply: HttpReply) => void = () => {}
  #stream: EventStream | undefined
  #isDropped = false

  constructor (http: HttpRequest, ids: readonly RequestId[], headers: Record<string, string>, timing: ExchangeTiming) {
    this.#http = http
    this.#headers = headers
    this.#keepAliveMs = timing.keepAliveMs
    this.#open = new Set(ids)
    this.reply = new Promise((resolve) => { this.#resolve = resolve })
    this.#upgrade = setTimeout(() => { this.#becomeStream() }, timing.upgradeAfterMs)
    this.#upgrade.unref()
    http.onClose(() => { this.#isDropped = true })
    if (ids.length > 1) this.#becomeStream()
  }

  /** Sends a notification or a request of ours that belongs to this POST. */
  notify (message: JSONRPCMessage): void {
    this.#becomeStream()?.send(message)
  }

  answer (message: JSONRPCResponse, id: RequestId): void {
    this.#open.delete(id)
    if (this.#stream === undefined && this.#open.size === 0) {
      this.#settle({ status: 200, headers: this.#headers, body: message })
      return
    }
    this.#becomeStream()?.send(message)
    this.#endWhenDone()
  }

  /** No answer to this request will come, since the client cancelled it. */
  abandon (id: RequestId): void {
    this.#open.delete(id)
    if (this.#open.size === 0) this.#becomeStream()
    this.#endWhenDone()
  }

  #endWhenDone (): void {
    if (this.#open.size === 0) this.#stream?.end()
  }

  #becomeStream (): EventStream | undefined {
    if (this.#stream !== undefined) return this.#stream
    if (this.#isDropped) {
      this.#settle('streaming')
      return undefined
    }
    this.#stream = new EventStream(this.#http, this.#headers, this.#keepAliveMs)
    this.#settle('streaming')
    return this.#stream
  }

  #settle (reply: HttpReply): void {
    clearTimeout(this.#upgrade)
    this.#resolve(reply)
  }
}
