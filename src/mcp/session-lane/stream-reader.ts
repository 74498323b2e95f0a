import type { EventLog, LoggedEvent, StreamKey, Tail } from '../../store/event-log.ts'
import { EventStream } from '../event-stream.ts'
import type { HttpRequest } from '../http.ts'
import { writeEventId } from './event-id.ts'
import type { TaskView } from './task-state.ts'

export interface StreamReaderOptions {
  log: EventLog
  /** What the client calls the stream. */
  name: string
  /** How the client sees the events; as they are by default. */
  view: TaskView | undefined
  headers: Record<string, string>
  /** Time between two comments on a silent stream. */
  keepAliveMs: number
  onStoreError: (error: unknown) => void
}

/**
 * One connection to a stream: sends what the log has after a given event and what comes then, each event once and in order,
 * until the stream or the connection ends. A client that reads slowly gets the rest when it has read: meanwhile the log has it.
 */
export class StreamReader {
  readonly #key: StreamKey
  readonly #options: StreamReaderOptions
  readonly #connection: EventStream
  /** The newest event that was sent. */
  #seq: number
  #isPulling = false
  #hasMore = false

  /** @param seq what the client has already */
  constructor (key: StreamKey, http: HttpRequest, seq: number, options: StreamReaderOptions) {
    this.#key = key
    this.#seq = seq
    this.#options = options
    this.#connection = new EventStream(http, options.headers, options.keepAliveMs)
  }

  get isOpen (): boolean {
    return this.#connection.isOpen
  }

  /** Gives the client an event to come back from before there is any message, and tells it how long to wait until then. */
  prime (retryMs: number): void {
    this.#connection.prime(this.#eventId(), retryMs)
  }

  /** Sends an event that was just logged; if it isn't the next one, what is in between first. */
  offer (event: LoggedEvent, isLast: boolean): void {
    if (this.#isPulling || this.#connection.isFull || event.seq !== this.#seq + 1) this.wake()
    else this.take({ events: [event], isEnded: isLast })
  }

  /** Looks for events that it hasn't sent. */
  wake (): void {
    if (!this.isOpen) return
    this.#hasMore = true
    if (!this.#isPulling) this.#pull().catch(this.#options.onStoreError)
  }

  /** Sends what comes next, as far as the client can take it now. */
  take ({ events, isEnded }: Tail): void {
    for (const { seq, data } of events) {
      if (seq <= this.#seq) continue
      if (this.#connection.isFull) return this.wake()
      this.#seq = seq
      this.#send(data, this.#eventId())
    }
    if (isEnded) this.end()
  }

  /** Sends what can't be logged: the client can't come back for it. */
  takeUnlogged (data: string): void {
    this.#send(data)
  }

  end (): void {
    this.#connection.end()
  }

  #send (data: string, id?: string): void {
    const { view } = this.#options
    const seen = view === undefined ? data : view(data)
    if (seen !== undefined) this.#connection.send(seen, id)
  }

  #eventId (): string {
    return writeEventId({ stream: this.#options.name, seq: this.#seq })
  }

  async #pull (): Promise<void> {
    this.#isPulling = true
    try {
      while (this.#hasMore && this.isOpen) {
        await this.#connection.drained()
        await this.#readOn()
      }
    } finally {
      // In the same moment as the last look: whoever wakes it a moment later would be passed over.
      this.#isPulling = false
    }
  }

  /** Apart from the wait for the client, during which nothing of what was read is held. */
  async #readOn (): Promise<void> {
    this.#hasMore = false
    const tail = await this.#options.log.read(this.#key, this.#seq)
    if (tail !== undefined) this.take(tail)
    // What comes next is gone: the client notices when it comes back.
    else this.end()
  }
}
