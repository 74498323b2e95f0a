import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { JSONRPCMessage } from '../json-rpc.ts'
import type { HttpRequest } from './http.ts'

const EVENT_STREAM_HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  // nginx and its kin hold back a stream otherwise
  'x-accel-buffering': 'no'
} as const

/** A reader that is this far behind is gone: the stream ends before it fills the memory. */
const BACKLOG_LIMIT_BYTES = 16 * 1024 * 1024

/** Server-sent events on one HTTP response, kept alive by comments. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #onEvent: () => void
  readonly #keepAlive: NodeJS.Timeout

  constructor (http: HttpRequest, headers: OutgoingHttpHeaders, keepAliveMs: number) {
    const response = http.startStream({ ...headers, ...EVENT_STREAM_HEADERS })
    this.#response = response
    this.#onEvent = () => { http.onEvent() }
    this.#keepAlive = setInterval(() => { this.#write(': keep-alive\n\n') }, keepAliveMs)
    this.#keepAlive.unref()
    response.once('close', () => { clearInterval(this.#keepAlive) })
    // A write to a connection that the client has reset; 'close' follows.
    response.on('error', () => {})
    if (response.destroyed) clearInterval(this.#keepAlive)
  }

  get isOpen (): boolean {
    return !this.#response.destroyed && !this.#response.writableEnded
  }

  send (message: JSONRPCMessage): void {
    if (!this.isOpen) return
    this.#write(`event: message\ndata: ${JSON.stringify(message)}\n\n`)
    this.#onEvent()
  }

  end (): void {
    clearInterval(this.#keepAlive)
    if (this.isOpen) this.#response.end()
  }

  #write (frame: string): void {
    if (!this.isOpen) return
    this.#response.write(frame)
    if (this.#response.writableLength > BACKLOG_LIMIT_BYTES) this.#response.destroy()
  }
}
