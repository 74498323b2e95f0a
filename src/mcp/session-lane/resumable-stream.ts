import { EventStream } from '../event-stream.ts'
import type { HttpRequest } from '../http.ts'
import type { LoggedEvent } from '../../store/event-log.ts'

/** Keeps what was sent on one stream. */
export interface Journal {
  append (data: string): Promise<string>
}

export interface StreamOptions {
  headers: Record<string, string>
  /** Time between two comments on a silent stream. */
  keepAliveMs: number
  /** How long a client waits before it comes back; `null` for one that can't read the event which says so. */
  retryMs: number | null
  /** The journal failed; the stream goes on, but can't be resumed from there. */
  onJournalError: (error: unknown) => void
}

/**
 * A stream of messages that outlives its connections: what is sent while there is none waits in the journal.
 * Everything happens in the order in which it was asked for.
 */
export class ResumableStream {
  readonly #journal: Journal
  readonly #options: StreamOptions
  #connection: EventStream | undefined
  #isEnded = false
  #work: Promise<void> = Promise.resolve()

  constructor (journal: Journal, options: StreamOptions) {
    this.#journal = journal
    this.#options = options
  }

  /** Whether a client reads. */
  get isConnected (): boolean {
    return this.#connection?.isOpen === true
  }

  /**
   * Sends what comes from now on to this client.
   *
   * @param isResumable whether there will be anything to come back for
   */
  connect (http: HttpRequest, isResumable = true): void {
    const { retryMs } = this.#options
    const connection = this.#open(http)
    if (retryMs === null || !isResumable) return
    this.#then(async () => {
      const id = await this.#append('')
      if (id !== undefined) connection.prime(id, retryMs)
    })
  }

  /**
   * Sends this client what it missed and what comes from now on; an earlier connection ends.
   *
   * @param missed reads the journal when everything before has been written to it
   */
  async resume (http: HttpRequest, missed: () => Promise<LoggedEvent[] | undefined>): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#then(async () => {
        try {
          const events = await missed()
          if (events === undefined) return resolve(false)
          this.#connection?.end()
          const connection = this.#open(http)
          for (const { id, data } of events) if (data !== '') connection.send(data, id)
          if (this.#isEnded) connection.end()
          resolve(true)
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  send (data: string): void {
    this.#then(async () => {
      const id = await this.#append(data)
      this.#connection?.send(data, id)
    })
  }

  /** Ends the connection; a client that comes back gets the rest. */
  disconnect (): void {
    this.#then(async () => { this.#connection?.end() })
  }

  /** Ends the stream when everything before has been sent. */
  async end (): Promise<void> {
    this.#then(async () => {
      this.#isEnded = true
      this.#connection?.end()
    })
    await this.#work
  }

  #open (http: HttpRequest): EventStream {
    const { headers, keepAliveMs } = this.#options
    this.#connection = new EventStream(http, headers, keepAliveMs)
    return this.#connection
  }

  #then (step: () => Promise<void>): void {
    this.#work = this.#work.then(step)
  }

  async #append (data: string): Promise<string | undefined> {
    try {
      return await this.#journal.append(data)
    } catch (error) {
      this.#options.onJournalError(error)
      return undefined
    }
  }
}
