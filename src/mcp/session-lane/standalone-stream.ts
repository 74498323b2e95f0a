import type { HttpRequest } from '../http.ts'
import { STANDALONE } from './event-id.ts'
import { StreamWriter } from './stream-writer.ts'
import type { Streams } from './streams.ts'

/**
 * The stream of a session for messages that belong to no request. The replica at which the client listens writes on it, and goes
 * on with it while the client is away, until the client listens at another one: the newest wins.
 */
export class StandaloneStream {
  readonly #streams: Streams
  readonly #isPrimed: boolean
  #writer: StreamWriter | undefined

  constructor (streams: Streams, isPrimed: boolean) {
    this.#streams = streams
    this.#isPrimed = isPrimed
  }

  /** Whether it's up to us to tell the client. */
  get isOurs (): boolean {
    return this.#writer !== undefined
  }

  /**
   * Sends the stream to this client: what is new, or everything after the given event if that is still known.
   * Resolves to whether the client may have missed something, because nobody wrote for a while.
   *
   * @throws {StoreError}
   */
  async listen (http: HttpRequest, seq: number | undefined): Promise<boolean> {
    const { log, replica, bus, retryMs, isAlive } = this.#streams.options
    const key = this.#streams.key(STANDALONE)
    const before = await log.record(key)
    // Counts from the clock, so that a number never comes twice, even if the stream is forgotten in between.
    const { lastSeq } = await log.open(key, replica, null, Date.now())
    // What was opened for a session that has ended meanwhile must not be kept alive.
    if (this.#streams.isClosed) await log.end(key, replica)
    const tail = seq === undefined ? undefined : await log.read(key, seq)
    if (before?.writer !== replica || this.#writer === undefined) {
      this.#writer = new StreamWriter(STANDALONE, lastSeq, this.#streams, () => { this.#writer = undefined })
    }
    const reader = this.#streams.read(STANDALONE, http, tail === undefined ? lastSeq : seq ?? lastSeq)
    bus.publish({ type: 'reading', replica, ...key })
    if (this.#isPrimed) reader.prime(retryMs)
    if (tail !== undefined) reader.take(tail)
    // For what came between the look into the log and now.
    reader.wake()
    return before !== undefined && (before.writer === null || !await isAlive(before.writer))
  }

  send (data: string): void {
    this.#writer?.send(data)
  }

  /** The client listens at another replica now. */
  yield (): void {
    this.#writer = undefined
    this.#streams.leave(STANDALONE)
  }

  /** Ends the connection; the client comes back, here or elsewhere. */
  async dismiss (): Promise<void> {
    await this.#writer?.flush()
    this.#streams.dismiss(STANDALONE)
  }

  /** Leaves the stream to another process. */
  async close (): Promise<void> {
    const { log, replica, onStoreError } = this.#streams.options
    if (this.#writer === undefined) return
    await this.#writer.close()
    this.#writer = undefined
    await log.hand(this.#streams.key(STANDALONE), replica, null).catch(onStoreError)
  }
}
