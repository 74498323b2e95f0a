import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
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

  /** Sends a message. With an id, the client can come back and ask for what followed. */
  send (data: string, id?: string): void {
    this.#event(`event: message\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`)
  }

  /** Gives the client an event to come back from before there is any message, and tells it how long to wait until then. */
  prime (id: string, retryMs: number): void {
    this.#event(`id: ${id}\nretry: ${retryMs}\ndata: \n\n`)
  }

  /** Sends events that are framed already. */
  relay (frames: string): void {
    this.#event(frames)
  }

  end (): void {
    clearInterval(this.#keepAlive)
    if (this.isOpen) this.#response.end()
  }

  #event (frame: string): void {
    if (!this.isOpen) return
    this.#write(frame)
    this.#onEvent()
  }

  #write (frame: string): void {
    if (!this.isOpen) return
    this.#response.write(frame)
    if (this.#response.writableLength > BACKLOG_LIMIT_BYTES) this.#response.destroy()
  }
}
