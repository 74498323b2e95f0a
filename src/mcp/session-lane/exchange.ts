import { type HttpReply, type HttpRequest } from '../http.ts'
import { serialize, type JSONRPCMessage, type JSONRPCResponse, type RequestId } from '../json-rpc.ts'
import type { LoggedEvent } from '../../store/event-log.ts'
import type { ResumableStream } from './resumable-stream.ts'

/**
 * The HTTP side of one POST: its reply is plain JSON when the only answer comes quickly and silently,
 * and becomes an event stream with the first notification, after a while, or for a batch.
 */
export class Exchange {
  /** Settles once: with the answer, or as soon as the reply is a stream. */
  readonly reply: Promise<HttpReply>
  readonly #http: HttpRequest
  readonly #headers: Record<string, string>
  readonly #open: Set<RequestId>
  readonly #stream: ResumableStream
  readonly #onEnd: () => void
  readonly #upgrade: NodeJS.Timeout
  #resolve: (reply: HttpReply) => void = () => {}
  #isStream = false
  #isDropped = false

  /**
   * @param upgradeAfterMs after how long without an answer the reply becomes an event stream, so that no proxy or client gives up on it
   * @param onEnd everything was answered, and the answers are on their way
   */
  constructor (http: HttpRequest, ids: readonly RequestId[], headers: Record<string, string>, stream: ResumableStream, upgradeAfterMs: number, onEnd: () => void) {
    this.#http = http
    this.#headers = headers
    this.#stream = stream
    this.#onEnd = onEnd
    this.#open = new Set(ids)
    this.reply = new Promise((resolve) => { this.#resolve = resolve })
    this.#upgrade = setTimeout(() => { this.#becomeStream() }, upgradeAfterMs)
    this.#upgrade.unref()
    http.onClose(() => { this.#isDropped = true })
    if (ids.length > 1) this.#becomeStream()
  }

  /** Sends a notification or a request of ours that belongs to this POST. */
  notify (message: JSONRPCMessage): void {
    if (this.#becomeStream()) this.#stream.send(serialize(message))
  }

  answer (message: JSONRPCResponse, id: RequestId): void {
    this.#open.delete(id)
    if (!this.#isStream && this.#open.size === 0) {
      this.#settle({ status: 200, headers: this.#headers, json: serialize(message) })
      this.#onEnd()
      return
    }
    if (this.#becomeStream()) this.#stream.send(serialize(message))
    this.#endWhenDone()
  }

  /** No answer to this request will come, since the client cancelled it. */
  abandon (id: RequestId): void {
    this.#open.delete(id)
    if (this.#open.size === 0) this.#becomeStream(false)
    this.#endWhenDone()
  }

  /** Ends the connection; the client comes back for the rest. */
  closeConnection (): void {
    if (this.#becomeStream()) this.#stream.disconnect()
  }

  /** Goes on with a client that has come back. Resolves to whether it could. */
  async resume (http: HttpRequest, missed: () => Promise<LoggedEvent[] | undefined>): Promise<boolean> {
    return this.#stream.resume(http, missed)
  }

  #endWhenDone (): void {
    if (this.#open.size > 0) return
    this.#stream.end().finally(this.#onEnd)
  }

  /** Resolves to whether it is one: a reply whose client has left before can't become one, and nobody can come back to it. */
  #becomeStream (isResumable = true): boolean {
    if (this.#isStream) return true
    if (!this.#isDropped) {
      this.#isStream = true
      this.#stream.connect(this.#http, isResumable)
    }
    this.#settle('streaming')
    return this.#isStream
  }

  #settle (reply: HttpReply): void {
    clearTimeout(this.#upgrade)
    this.#resolve(reply)
  }
}
