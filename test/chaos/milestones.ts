/** Counts what has been achieved, and calls whoever waits for so much. */
export class Milestones {
  #count = 0
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>()

  add (): void {
    this.#count++
    this.#waiting.get(this.#count)?.resolve()
  }

  async reached (count: number): Promise<void> {
    if (count <= this.#count) return
    const waiting = this.#waiting.get(count) ?? Promise.withResolvers<void>()
    this.#waiting.set(count, waiting)
    return waiting.promise
  }
}
