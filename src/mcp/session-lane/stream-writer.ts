import { setTimeout as pause } from 'node:timers/promises'
import type { Streams } from './streams.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1000
/** How long a client that reads waits for a store that can't be used. Then it gets what there is, but can't come back for it. */
const PATIENCE_MS = 30_000

/** Writes on one stream: everything goes into the log, in order, and then to whoever reads. */
export class StreamWriter {
  readonly #stream: string
  readonly #streams: Streams
  readonly #onLost: () => void
  readonly #closing = new AbortController()
  /** The newest event in the log. */
  #seq: number
  #isLogged = true
  #work: Promise<void> = Promise.resolve()

  /**
   * @param seq the newest event in the log
   * @param onLost somebody else writes on the stream now
   */
  constructor (stream: string, seq: number, streams: Streams, onLost: () => void) {
    this.#stream = stream
    this.#seq = seq
    this.#streams = streams
    this.#onLost = onLost
  }

  /**
   * Opens the stream. Resolves when it is open, or can't be any more.
   *
   * @param onOpen is called before anything else is sent
   */
  async open (call: string, onOpen: () => void): Promise<void> {
    await this.#enqueue(async () => {
      if (!this.#isLogged) return
      const { log, replica } = this.#streams.options
      await log.open(this.#streams.key(this.#stream), replica, call)
      onOpen()
    })
  }

  /** Resolves when it is in the log, or can't be any more. */
  async send (data: string, isLast = false): Promise<void> {
    await this.#enqueue(() => this.#append(data, isLast))
    if (isLast && !this.#isLogged) await this.end()
  }

  /** Ends the stream, after everything before was sent. */
  async end (): Promise<void> {
    await this.#enqueue(async () => {
      const { log, replica } = this.#streams.options
      await log.end(this.#streams.key(this.#stream), replica)
      this.#streams.dismiss(this.#stream)
    })
  }

  /** Resolves when everything before was sent. */
  async flush (): Promise<void> {
    await this.#work
  }

  /** Writes no more. Resolves when what is under way has come to its end. */
  async close (): Promise<void> {
    this.#closing.abort()
    await this.#work
  }

  /** Does one thing after the other; each is tried until the store can do it. */
  async #enqueue (step: () => Promise<void>): Promise<void> {
    this.#work = this.#work.then(() => this.#insist(step))
    await this.#work
  }

  async #append (data: string, isLast: boolean): Promise<void> {
    if (!this.#isLogged) return this.#streams.deliver(this.#stream, data, isLast)
    const { log, replica } = this.#streams.options
    const event = { seq: this.#seq + 1, data }
    if (await log.append(this.#streams.key(this.#stream), replica, event, isLast)) {
      this.#seq = event.seq
      this.#streams.tell(this.#stream, event, isLast)
    } else {
      this.#closing.abort()
      this.#onLost()
    }
  }

  async #insist (step: () => Promise<void>): Promise<void> {
    const startedAt = performance.now()
    for (let pauseMs = FIRST_PAUSE_MS; !this.#closing.signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await step()
      } catch (error) {
        // Once for an outage, which can be long.
        if (pauseMs === FIRST_PAUSE_MS) this.#streams.options.onStoreError(error)
        if (this.#isLogged && performance.now() - startedAt > PATIENCE_MS && this.#streams.isRead(this.#stream)) this.#isLogged = false
        // It only ever rejects because of the close, which the loop sees.
        await pause(pauseMs, undefined, { signal: this.#closing.signal, ref: false }).catch(() => {})
      }
    }
  }
}
