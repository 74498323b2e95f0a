import type { Distribution } from './distribution.ts'
import type { Point } from './snapshot.ts'

/** What was counted until a moment, and what was going on in it. */
export interface Totals {
  /** In seconds since the epoch. */
  at: number
  operations: number
  failed: number
  toolCalls: Distribution
  runs: number
  dust: number
  dustFailed: number
}

export const PERIOD_MS = 2000
/** Ten minutes. */
const MOST_POINTS = 300
/** Rates are those of the last 10 s, latencies those of the last minute, in which also rare calls make a line. */
const RATE_PERIODS = 5
const LATENCY_PERIODS = 30

/** How the last minutes were, for charts. */
export class History {
  readonly points: Point[] = []
  readonly #totals: Totals[] = []

  add (totals: Totals): void {
    this.#totals.push(totals)
    if (this.#totals.length > LATENCY_PERIODS + 1) this.#totals.shift()
    this.points.push(this.#point(totals))
    if (this.points.length > MOST_POINTS) this.points.shift()
  }

  #point (now: Totals): Point {
    const before = this.#ago(RATE_PERIODS) ?? now
    const seconds = now.at - before.at
    const perSecond = (count: number): number => seconds > 0 ? round(count / seconds) : 0
    const calls = now.toolCalls.minus((this.#ago(LATENCY_PERIODS) ?? now).toolCalls)
    return [
      round(now.at),
      perSecond(now.operations - before.operations),
      perSecond(now.failed - before.failed),
      orNull(calls.quantile(0.5)),
      orNull(calls.quantile(0.95)),
      now.runs,
      perSecond(now.dust - before.dust),
      perSecond(now.dustFailed - before.dustFailed)
    ]
  }

  /** In the beginning, the first one. */
  #ago (periods: number): Totals | undefined {
    return this.#totals.at(-1 - periods) ?? this.#totals[0]
  }
}

function orNull (value: number | null): number | null {
  return value === null ? null : round(value)
}

function round (value: number): number {
  return Math.round(value * 1000) / 1000
}
