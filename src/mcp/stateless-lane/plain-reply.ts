import { EventStream } from '../event-stream.ts'
import type { HttpReply, HttpRequest } from '../http.ts'
import { serialize, type JSONRPCNotification, type JSONRPCResponse } from '../json-rpc.ts'

export interface PlainReplyOptions {
  /** After how long without an answer the reply becomes an event stream, so that no proxy or client gives up on it. */
  upgradeAfterMs: number
  /** Time between two comments on a silent event stream. */
  keepAliveMs: number
}

/** What answers one request: plain JSON when the answer comes quickly and silently, else an event stream. */
export class PlainReply {
  /** Settles once: with the answer, or as soon as the reply is a stream. */
  readonly reply: Promise<HttpReply>
  readonly #http: HttpRequest
  readonly #keepAliveMs: number
  readonly #upgrade: NodeJS.Timeout
  #resolve: (reply: HttpReply) => void = () => {}
  #stream: EventStream | undefined

  constructor (http: HttpRequest, { upgradeAfterMs, keepAliveMs }: PlainReplyOptions) {
    this.#http = http
    this.#keepAliveMs = keepAliveMs
    this.reply = new Promise((resolve) => { this.#resolve = resolve })
    this.#upgrade = setTimeout(() => { this.becomeStream() }, upgradeAfterMs)
    this.#upgrade.unref()
  }

  becomeStream (): EventStream {
    if (this.#stream !== undefined) return this.#stream
    this.#stream = new EventStream(this.#http, {}, this.#keepAliveMs)
    this.#settle('streaming')
    return this.#stream
  }

  notify (notification: JSONRPCNotification): void {
    this.becomeStream().send(serialize(notification))
  }

  /** @param status of plain JSON; that of a stream is out already */
  answer (response: JSONRPCResponse, status = 200): void {
    if (this.#stream === undefined) {
      this.#settle({ status, json: serialize(response) })
    } else {
      this.#stream.send(serialize(response))
      this.#stream.end()
    }
  }

  /** Nobody waits for the answer any more. */
  abandon (reply: HttpReply): void {
    this.#stream?.end()
    this.#settle(reply)
  }

  #settle (reply: HttpReply): void {
    clearTimeout(this.#upgrade)
    this.#resolve(reply)
  }
}
