import type { Bus } from '../../store/bus.ts'
import type { EventLog, StreamKey, StreamRecord } from '../../store/event-log.ts'
import type { ReplicaRegistry } from '../../store/replica-registry.ts'
import type { ReplicaMessage } from './replica-message.ts'

export interface ReplicaOptions {
  /** Under which name it lives. */
  id: string
  registry: ReplicaRegistry
  log: EventLog
  bus: Bus<ReplicaMessage>
  /** Is called for each call that another process had begun. */
  onPickUp: () => void
  onStoreError: (error: unknown) => void
}

/** Who does the work of this replica. */
export interface ReplicaWorker {
  /** Goes on with a call that is ours from now on, or leaves it to its client. Resolves to whether it goes on. */
  pickUp (record: StreamRecord): Promise<boolean>
  /** Looks for what other replicas have told, since their words may get lost. */
  refresh (): Promise<void>
}

const BEAT_MS = 2000
/** After how long without a sign a replica is taken for dead. */
const LIFE_MS = 6000
const KEEP_EVERY_BEATS = 30
const ORPHANS_AT_ONCE = 50

/** The writer of calls that nobody can go on with until their client is back: no replica's name. */
export const AWAITING_CLIENT = 'awaiting-client'

/** This process among those that serve the same sessions: says that it lives, and takes over the calls of those that don't any more. */
export class Replica {
  readonly #options: ReplicaOptions
  #worker: ReplicaWorker | undefined
  #living: readonly string[] = []
  #beats = 0
  #trustsAt = 0
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> = Promise.resolve()
  /** Calls that are ours now, and that nobody works on yet. */
  readonly #inherited = new Set<StreamKey>()
  #isRetired = false
  #hasLeft = false
  #unsubscribe = (): void => {}

  constructor (options: ReplicaOptions) {
    this.#options = options
  }

  get id (): string {
    return this.#options.id
  }

  /** The first one counts what all have in common. */
  get isFirst (): boolean {
    return this.#living[0] === this.#options.id
  }

  get hasOthers (): boolean {
    return this.#living.some((replica) => replica !== this.#options.id)
  }

  /** How many there are, this one included. */
  get count (): number {
    return this.#living.length
  }

  /** Resolves after the first sign of life, or when the store can't take it. */
  async start (worker: ReplicaWorker): Promise<void> {
    this.#worker = worker
    this.#unsubscribe = this.#options.bus.subscribe(({ type }) => { if (type === 'left') this.#soon() })
    this.#timer = setInterval(() => { this.#soon() }, BEAT_MS)
    this.#timer.unref()
    this.#soon()
    await this.#beating
  }

  /** Takes nothing over any more. */
  retire (): void {
    this.#isRetired = true
  }

  /** Goes away: what it has left behind is for others, from now on. */
  async leave (): Promise<void> {
    if (this.#hasLeft) return
    this.#hasLeft = true
    clearInterval(this.#timer)
    this.#unsubscribe()
    await this.#beating
    const { registry, id, bus, onStoreError } = this.#options
    await registry.leave(id).then(() => { bus.publish({ type: 'left' }) }, onStoreError)
  }

  #soon (): void {
    this.#beating = this.#beating.then(() => this.#beat()).catch((error: unknown) => {
      // Nobody could say that they live: whoever is silent now may still be alive.
      this.#trustsAt = Date.now() + LIFE_MS
      this.#options.onStoreError(error)
    })
  }

  async #beat (): Promise<void> {
    const { registry, id, log } = this.#options
    if (this.#hasLeft) return
    await registry.beat(id, LIFE_MS)
    this.#living = await registry.alive()
    if (++this.#beats % KEEP_EVERY_BEATS === 0) await log.keep(id)
    if (!this.#isRetired && Date.now() >= this.#trustsAt) await this.#takeOver()
    await this.#worker?.refresh()
  }

  async #takeOver (): Promise<void> {
    const { id, log, onStoreError } = this.#options
    // Whoever asks is alive, even if its sign of life has grown old on the way.
    for (const orphan of await log.orphans([...this.#living, id, AWAITING_CLIENT], ORPHANS_AT_ONCE)) {
      if (await log.hand(orphan, orphan.writer, id)) this.#inherited.add(orphan)
    }
    for (const key of this.#inherited) {
      // It's tried again at the next beat; one that can't be gone on with must not keep the others from it.
      await this.#pickUp(key).then(() => { this.#inherited.delete(key) }, onStoreError)
    }
  }

  async #pickUp (key: StreamKey): Promise<void> {
    const record = await this.#options.log.record(key)
    if (record === undefined) return
    if (await this.#worker?.pickUp(record) === true) this.#options.onPickUp()
  }
}
