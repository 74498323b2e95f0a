import type { RunEvent } from '../../src/dust/client.ts'
import type { Instruments } from './instruments.ts'

export const RUN_OUTCOMES = ['success', 'error', 'cancelled', 'timeout', 'waiting', 'shutdown'] as const

/** How a run ended for the one who asked: `waiting` for a person, `timeout` and `shutdown` while it went on. */
export type RunOutcome = typeof RUN_OUTCOMES[number]

/** Events that come many times in each step. */
const FREQUENT = new Set<RunEvent['event']['type']>(['generation_tokens', 'tool_params', 'tool_notification'])

/** Measures one agent run. */
export class RunMeter {
  readonly #runs: Instruments['runs']
  readonly #startedAt: number
  readonly #mark: (step: string) => void
  #hasAnswered: boolean

  /**
   * @param since when it began, in milliseconds since the epoch, be it in another process
   * @param isNew whether nobody has measured its first piece yet
   * @param mark is called with each step that is worth a place in a trace: one of a few words
   */
  constructor (runs: Instruments['runs'], since: number, isNew: boolean, mark: (step: string) => void) {
    this.#runs = runs
    this.#startedAt = performance.now() - Math.max(0, Date.now() - since)
    this.#hasAnswered = !isNew
    this.#mark = mark
  }

  event (event: RunEvent['event']): void {
    this.#runs.events.inc({ type: event.type })
    if (!FREQUENT.has(event.type)) this.#mark(event.type)
    if (this.#hasAnswered || event.type !== 'generation_tokens' || event.classification !== 'tokens') return
    this.#hasAnswered = true
    this.#runs.firstToken.observe(this.#seconds())
    this.#mark('first_token')
  }

  end (outcome: RunOutcome): void {
    this.#runs.duration.observe({ outcome }, this.#seconds())
  }

  #seconds (): number {
    return (performance.now() - this.#startedAt) / 1000
  }
}
