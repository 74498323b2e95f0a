import { setTimeout as pause } from 'node:timers/promises'

/** Why a run was not begun. */
export type Refusal = 'queue_full' | 'timeout'

export interface RunSlotsOptions {
  /** Runs at the same time. */
  limit: number
  /** How many of one caller may wait for one to end. */
  queueLimit: number
  /** How long one waits. */
  patienceMs: number
}

/** Callers whose turn is remembered. */
const MOST_CALLERS = 10_000

interface Waiting {
  caller: string
  isAdmitted: boolean
  /** Tells it. */
  admit: () => void
}

/**
 * Limits how many runs there are at the same time. Who comes too late waits for a while: callers take turns,
 * so that one with many questions doesn't keep the others out.
 */
export class RunSlots {
  readonly #options: RunSlotsOptions
  readonly #waiting: Waiting[] = []
  /** Who was let in when, counted in runs; of many callers, those who were let in last. */
  readonly #turns = new Map<string, number>()
  #turn = 0
  #taken = 0

  constructor (options: RunSlotsOptions) {
    this.#options = options
  }

  /** Slots that are taken; more than the limit with runs that were let in unasked. */
  get taken (): number {
    return this.#taken
  }

  /** Takes a slot even if there is none, for a run that goes on in any case. */
  take (): void {
    this.#taken++
  }

  /**
   * Takes a slot, perhaps after a while. Resolves to why it could not.
   *
   * @param onWait is called when it has to wait, with how many are before it
   */
  async enter (caller: string, signal: AbortSignal, onWait: (before: number) => void): Promise<Refusal | undefined> {
    const { limit, queueLimit, patienceMs } = this.#options
    if (this.#taken < limit) {
      this.#admit(caller)
      return undefined
    }
    if (this.#waiting.filter((waiting) => waiting.caller === caller).length >= queueLimit) return 'queue_full'
    const waiting: Waiting = { caller, isAdmitted: false, admit: () => {} }
    const admitted = new Promise<undefined>((resolve) => { waiting.admit = () => { resolve(undefined) } })
    this.#waiting.push(waiting)
    onWait(this.#waiting.length - 1)
    const decided = new AbortController()
    try {
      const outcome = await Promise.race([admitted, pause(patienceMs, 'timeout' as const, { signal: AbortSignal.any([signal, decided.signal]), ref: false })])
      // It may have been let in in the very moment in which its time was over.
      return waiting.isAdmitted ? undefined : outcome
    } catch (error) {
      if (waiting.isAdmitted) this.leave()
      throw error
    } finally {
      decided.abort()
      const index = this.#waiting.indexOf(waiting)
      if (index >= 0) this.#waiting.splice(index, 1)
    }
  }

  /** Gives a slot back: to the caller who was let in longest ago, and of theirs to the one that waits longest. */
  leave (): void {
    this.#taken--
    if (this.#taken >= this.#options.limit) return
    const [first, ...others] = this.#waiting
    if (first === undefined) return
    const next = others.reduce((best, waiting) => this.#turnOf(waiting) < this.#turnOf(best) ? waiting : best, first)
    this.#waiting.splice(this.#waiting.indexOf(next), 1)
    this.#admit(next.caller)
    next.isAdmitted = true
    next.admit()
  }

  #admit (caller: string): void {
    this.#taken++
    // So that the oldest come first.
    this.#turns.delete(caller)
    this.#turns.set(caller, ++this.#turn)
    const [oldest] = this.#turns.keys()
    if (this.#turns.size > MOST_CALLERS && oldest !== undefined) this.#turns.delete(oldest)
  }

  #turnOf ({ caller }: Waiting): number {
    return this.#turns.get(caller) ?? 0
  }
}
