import type { ServerResponse } from 'node:http'

const headers = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache',
  connection: 'keep-alive',
  'x-accel-buffering': 'no',
  // Literally so, as Dust sends it.
  'content-encoding': 'none'
}

/** One open event stream on the wire, in Dust's dialect. Says nothing after it has ended. */
export class EventStream {
  readonly #raw: ServerResponse
  #isOpen = true

  constructor (raw: ServerResponse, whenClosed: () => void) {
    this.#raw = raw
    raw.once('close', () => {
      this.#isOpen = false
      whenClosed()
    })
    raw.writeHead(200, headers)
    raw.flushHeaders()
  }

  get isOpen (): boolean {
    return this.#isOpen
  }

  handshake (): void {
    this.send('event: dust-handshake\ndata: {}\n\n')
  }

  send (frame: string): void {
    if (this.#isOpen) this.#raw.write(frame)
  }

  /** This connection is over, the message may go on. */
  done (): void {
    this.send('data: done\n\n')
    this.end()
  }

  end (): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#raw.end()
  }

  /** Destroys the socket, once `last` is on its way. */
  cut (last: string): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    this.#raw.write(last, () => this.#raw.destroy())
  }
}
