import type { ServerResponse } from 'node:http'

export interface BroadcastOptions<Audience> {
  everyMs: number
  /** A watcher for whom more than this waits is cut. */
  backlogBytes: number
  /** Looks once at what there is to tell, and puts it into words for an audience: one or more framed events. */
  look: () => Promise<(audience: Audience) => string>
  /** Is called with how many got the same. */
  onSent: (watchers: number) => void
  /** Is called for each watcher that was cut because too much waited for it. */
  onCut: () => void
  /** Nothing could be told this time. */
  onFault: (error: unknown) => void
}

/**
 * Tells all who watch the same, again and again: what there is to tell is looked up once and written as the same bytes to everybody
 * of an audience, and nothing is done while nobody watches.
 */
export class Broadcast<Audience> {
  readonly #options: BroadcastOptions<Audience>
  readonly #watchers = new Map<ServerResponse, Audience>()
  #timer: NodeJS.Timeout | undefined
  #isLooking = false
  #isOver = false
  /** What was told last. */
  #last: ((audience: Audience) => Buffer) | undefined

  constructor (options: BroadcastOptions<Audience>) {
    this.#options = options
  }

  get isOver (): boolean {
    return this.#isOver
  }

  /** From now on until it closes: first the greeting, and what was told last, if that is no older than the next time. */
  add (response: ServerResponse, audience: Audience, greeting: string): void {
    if (this.#isOver) {
      response.end()
      return
    }
    // A write to a connection that the client has reset; 'close' follows.
    response.on('error', () => {})
    response.once('close', () => { this.#remove(response) })
    // It left before it was here.
    if (response.closed) return
    this.#watchers.set(response, audience)
    response.write(greeting)
    if (this.#timer !== undefined) {
      if (this.#last !== undefined) response.write(this.#last(audience))
      return
    }
    this.#timer = setInterval(() => { this.#tell() }, this.#options.everyMs)
    this.#timer.unref()
    this.#tell()
  }

  /** Ends all streams, and from now on each that comes. */
  end (): void {
    this.#isOver = true
    for (const response of this.#watchers.keys()) response.end()
  }

  #remove (response: ServerResponse): void {
    this.#watchers.delete(response)
    if (this.#watchers.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#last = undefined
  }

  #tell (): void {
    if (this.#isLooking) return
    this.#isLooking = true
    this.#options.look()
      .then((words) => { this.#send(words) })
      .catch(this.#options.onFault)
      .finally(() => { this.#isLooking = false })
  }

  #send (words: (audience: Audience) => string): void {
    const made = new Map<Audience, Buffer>()
    const bytesFor = (audience: Audience): Buffer => {
      const bytes = made.get(audience) ?? Buffer.from(words(audience))
      made.set(audience, bytes)
      return bytes
    }
    for (const [response, audience] of this.#watchers) {
      if (response.writableEnded) continue
      if (response.writableLength > this.#options.backlogBytes) {
        this.#options.onCut()
        response.destroy()
      } else {
        response.write(bytesFor(audience))
      }
    }
    this.#last = this.#watchers.size > 0 ? bytesFor : undefined
    this.#options.onSent(this.#watchers.size)
  }
}
