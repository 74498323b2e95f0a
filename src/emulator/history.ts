export interface HistoryEvent {
  /** `<milliseconds>-<sequence>`, as Redis numbers its stream entries. */
  readonly eventId: string
  readonly isEnd: boolean
  /** The event as it goes over the wire, serialised when it happened: what comes later must not change it. */
  readonly frame: string
}

type Listener = (event: HistoryEvent) => void

/** The events of one message or conversation, kept for replay until `ttlMs` after the last one. */
export class EventHistory {
  readonly #ttlMs: number
  readonly #listeners = new Set<Listener>()
  #events: HistoryEvent[] = []
  #lastMs = 0
  #sequence = 0
  #count = 0

  constructor (ttlMs: number) {
    this.#ttlMs = ttlMs
  }

  /** How many events there ever were, expired and removed ones included. */
  get count (): number {
    return this.#count
  }

  append (data: object): HistoryEvent {
    return this.#add(data, false)
  }

  /** Closes the live connections. Only a replay shows the event itself. */
  appendEnd (): void {
    this.#add({ type: 'end-of-stream' }, true)
  }

  /** The events after `lastEventId`, all of them without it or when it isn't an event id. */
  after (lastEventId?: string): HistoryEvent[] {
    if (Date.now() - this.#lastMs >= this.#ttlMs) this.expire()
    if (lastEventId === undefined || !/^\d+-\d+$/.test(lastEventId)) return [...this.#events]
    return this.#events.filter((event) => isLater(event.eventId, lastEventId))
  }

  remove (eventId: string): void {
    this.#events = this.#events.filter((event) => event.eventId !== eventId)
  }

  expire (): void {
    this.#events = []
  }

  /** Returns the function that ends the subscription. */
  subscribe (listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #add (data: object, isEnd: boolean): HistoryEvent {
    const now = Math.max(Date.now(), this.#lastMs)
    this.#sequence = now === this.#lastMs ? this.#sequence + 1 : 0
    this.#lastMs = now
    this.#count++
    const eventId = `${now}-${this.#sequence}`
    const event = { eventId, isEnd, frame: `data: ${JSON.stringify({ eventId, data })}\n\n` }
    this.#events.push(event)
    for (const listener of [...this.#listeners]) listener(event)
    return event
  }
}

/** By parts: as text `9-10` would come before `9-9`. */
function isLater (eventId: string, than: string): boolean {
  const [ms = 0, sequence = 0] = eventId.split('-').map(Number)
  const [thanMs = 0, thanSequence = 0] = than.split('-').map(Number)
  return ms > thanMs || (ms === thanMs && sequence > thanSequence)
}
