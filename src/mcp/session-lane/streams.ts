import type { Bus } from '../../store/bus.ts'
import type { EventLog, LoggedEvent, StreamKey } from '../../store/event-log.ts'
import type { HttpRequest } from '../http.ts'
import { loggedName } from './event-id.ts'
import type { ReplicaMessage } from './replica-message.ts'
import { StreamReader } from './stream-reader.ts'
import type { TaskView } from './task-state.ts'

/** What the streams of all sessions share. */
export interface StreamsOptions {
  log: EventLog
  /** Who we are among those that write into the log. */
  replica: string
  bus: Bus<ReplicaMessage>
  /** Whether a replica lives. */
  isAlive: (replica: string) => Promise<boolean>
  /** Time between two comments on a silent stream. */
  keepAliveMs: number
  /** How long a client whose stream ended early waits before it comes back for the rest. */
  retryMs: number
  onStoreError: (error: unknown) => void
}

export interface ResumeOptions {
  /** Whether the client understands an event without a message. */
  isPrimed: boolean
  view: TaskView | undefined
}

/** Who reads the streams of a session, here and elsewhere. A stream has one reader: the newest. */
export class Streams {
  readonly options: StreamsOptions
  readonly #session: string
  readonly #readers = new Map<string, StreamReader>()
  /** What we write and the client reads at another replica. */
  readonly #readElsewhere = new Set<string>()
  #isClosed = false

  constructor (session: string, options: StreamsOptions) {
    this.#session = session
    this.options = options
  }

  key (stream: string): StreamKey {
    return { session: this.#session, stream: loggedName(stream) }
  }

  /**
   * Sends a stream to this client, what comes after the given event. Whoever read it before doesn't any more.
   *
   * @param name of the stream, for this client
   */
  read (name: string, http: HttpRequest, seq: number, view?: TaskView): StreamReader {
    const { stream } = this.key(name)
    this.#readers.get(stream)?.end()
    const reader = new StreamReader({ session: this.#session, stream }, http, seq, { ...this.options, name, view, headers: { 'mcp-session-id': this.#session } })
    this.#readers.set(stream, reader)
    this.#readElsewhere.delete(stream)
    http.onClose(() => { if (this.#readers.get(stream) === reader) this.#readers.delete(stream) })
    // The session ended while the client came: nobody would end it any more.
    if (this.#isClosed) reader.end()
    return reader
  }

  /** The same for a client that comes back. Resolves to `undefined` when nothing comes after the event, or nothing is known of it any more. */
  async resume (name: string, http: HttpRequest, seq: number, { isPrimed, view }: ResumeOptions): Promise<StreamReader | undefined> {
    const tail = await this.options.log.read(this.key(name), seq)
    if (tail === undefined || (tail.isEnded && tail.events.length === 0)) return undefined
    const reader = this.read(name, http, seq, view)
    // The SDK's client forgets from where it came when the next connection breaks before an event.
    if (isPrimed) reader.prime(this.options.retryMs)
    reader.take(tail)
    this.options.bus.publish({ type: 'reading', replica: this.options.replica, ...this.key(name) })
    // For what came between the look into the log and now.
    reader.wake()
    return reader
  }

  /** Whether its session has left the memory. */
  get isClosed (): boolean {
    return this.#isClosed
  }

  /** Whether a client reads any of them here. */
  get areRead (): boolean {
    return [...this.#readers.values()].some(({ isOpen }) => isOpen)
  }

  isRead (stream: string): boolean {
    return this.#readers.get(stream)?.isOpen === true
  }

  /** Tells whoever reads a stream of its newest event. */
  tell (stream: string, event: LoggedEvent, isLast: boolean): void {
    this.#readers.get(stream)?.offer(event, isLast)
    if (this.#readElsewhere.has(stream)) this.options.bus.publish({ type: 'appended', ...this.key(stream) })
    if (isLast) this.#readElsewhere.delete(stream)
  }

  /** Hands over what could not be logged. */
  deliver (stream: string, data: string, isLast: boolean): void {
    const reader = this.#readers.get(stream)
    reader?.takeUnlogged(data)
    if (isLast) reader?.end()
  }

  /** Ends the connections of those that read a stream. */
  dismiss (stream: string): void {
    this.#readers.get(stream)?.end()
    if (this.#readElsewhere.delete(stream)) this.options.bus.publish({ type: 'appended', ...this.key(stream) })
  }

  /** Ends all connections, and those that are about to be. */
  close (): void {
    this.#isClosed = true
    for (const stream of this.#readers.keys()) this.dismiss(stream)
  }

  /** Looks into the log for those who read; of what another replica writes, its word may get lost. */
  wake (isWrittenElsewhere: (stream: string) => boolean): void {
    for (const [stream, reader] of this.#readers) if (isWrittenElsewhere(stream)) reader.wake()
  }

  /** Whether one of these streams is read. */
  isReading (matches: (stream: string) => boolean): boolean {
    return this.#readers.entries().some(([stream, reader]) => matches(stream) && reader.isOpen)
  }

  /** The client reads a stream at another replica now. */
  leave (stream: string): void {
    this.#readers.get(stream)?.end()
    this.#readElsewhere.add(stream)
  }
}
