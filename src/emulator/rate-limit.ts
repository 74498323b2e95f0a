/** How often something may happen within a time. Without a limit, as often as anyone likes. */
export class RateLimit {
  /** Per window; `null` for no limit. */
  maximum: number | null
  readonly #windowMs: number
  #times: number[] = []

  constructor (maximum: number | null, windowMs: number) {
    this.maximum = maximum
    this.#windowMs = windowMs
  }

  /** Counts one more; `false` when that's too many, and then it doesn't count. */
  take (): boolean {
    const now = Date.now()
    this.#times = this.#times.filter((time) => now - time < this.#windowMs)
    if (this.maximum !== null && this.#times.length >= this.maximum) return false
    this.#times.push(now)
    return true
  }
}
