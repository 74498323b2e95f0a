import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import { EVENT_STREAM_HEADERS } from '../event-stream-headers.ts'
import type { HttpRequest } from './http.ts'

/** From here on a reader should get nothing more until it has read: what can be had again later need not fill the memory. */
const FULL_BYTES = 1024 ** 2

/** A reader that is this far behind gets nothing more at all: the stream ends before it fills the memory. */
const BACKLOG_LIMIT_BYTES = 4 * 1024 ** 2

/** Server-sent events on one HTTP response, kept alive by comments. */
export class EventStream {
  readonly #response: ServerResponse
  readonly #http: HttpRequest
  readonly #keepAlive: NodeJS.Timeout

  constructor (http: HttpRequest, headers: OutgoingHttpHeaders, keepAliveMs: number) {
    const response = http.startStream({ ...headers, ...EVENT_STREAM_HEADERS })
    this.#response = response
    this.#http = http
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

  /** Whether a reader is so far behind that what can wait should. */
  get isFull (): boolean {
    return this.#response.writableLength >= FULL_BYTES
  }

  /** Resolves when everything was read, or nobody reads any more. */
  async drained (): Promise<void> {
    if (!this.isOpen || !this.isFull) return
    const response = this.#response
    await new Promise<void>((resolve) => {
      const leave = (): void => {
        response.off('drain', leave).off('close', leave)
        resolve()
      }
      response.on('drain', leave).on('close', leave)
    })
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
    this.#http.onEvent()
  }

  #write (frame: string): void {
    if (!this.isOpen) return
    // However long a message is, who has read what came before gets it.
    if (this.#response.writableLength < BACKLOG_LIMIT_BYTES) {
      this.#response.write(frame)
    } else {
      this.#http.onBacklog()
      this.#response.destroy()
    }
  }
}
