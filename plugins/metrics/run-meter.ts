import type { RunEvent } from '../../src/dust/client.ts'
import type { Instruments } from './instruments.ts'

export const RUN_OUTCOMES = ['success', 'error', 'cancelled', 'timeout', 'waiting', 'shutdown'] as const

/** How a run ended for the one who asked: `waiting` for a person, `timeout` and `shutdown` while it went on. */
export type RunOutcome = typeof RUN_OUTCOMES[number]

/** Measures one agent run, from the moment it is made. */
export class RunMeter {
  readonly #runs: Instruments['runs']
  readonly #startedAt = performance.now()
  #hasAnswered = false

  constructor (runs: Instruments['runs']) {
    this.#runs = runs
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
