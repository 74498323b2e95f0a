import type { RunEvent } from '../../src/dust/client.ts'
import type { Instruments } from './instruments.ts'

export const RUN_OUTCOMES = ['success', 'error', 'cancelled', 'timeout', 'waiting', 'shutdown'] as const

/** How a run ended for the one who asked: `waiting` for a person, `timeout` and `shutdown` while it went on. */
export type RunOutcome = typeof RUN_OUTCOMES[number]

/** Measures one agent run. */
export class RunMeter {
  readonly #runs: Instruments['runs']
  readonly #startedAt: number
  #hasAnswered: boolean

  /**
   * @param since when it began, in milliseconds since the epoch, be it in another process
   * @param isNew whether nobody has measured its first piece yet
   */
  constructor (runs: Instruments['runs'], since: number, isNew: boolean) {
    this.#runs = runs
    this.#startedAt = performance.now() - Math.max(0, Date.now() - since)
    this.#hasAnswered = !isNew
  }

  event (event: RunEvent['event']): void {
    this.#runs.events.inc({ type: event.type })
    if (this.#hasAnswered || event.type !== 'generation_tokens' || event.classification !== 'tokens') return
    this.#hasAnswered = true
    this.#runs.firstToken.observe(this.#seconds())
  }

  end (outcome: RunOutcome): void {
    this.#runs.duration.observe({ outcome }, this.#seconds())
  }

  #seconds (): number {
    return (performance.now() - this.#startedAt) / 1000
  }
}
