interface Deed {
  result: Promise<unknown>
  /** Milliseconds since the epoch. */
  forgottenAt: number
}

/** More would fill the memory; the oldest are forgotten first. */
const LIMIT = 10_000

/**
 * What the calls of this process have done that must happen only once. A client may bring one state back twice, be it that its
 * first try seemed to be lost: the second one gets the result of the first, also while that is still being worked on.
 */
export class Deeds {
  readonly #ttlMs: number
  /** The oldest first. */
  readonly #deeds = new Map<string, Deed>()

  /** @param ttlMs how long they are remembered */
  constructor (ttlMs: number) {
    this.#ttlMs = ttlMs
  }

  /**
   * Does the work, unless it was done under this key. What failed was not done.
   *
   * @param key always stands for the same work
   */
  async once<Result> (key: string, work: () => Promise<Result>): Promise<Result> {
    this.#forgetOld()
    const known = this.#deeds.get(key)
    // The same work has the same kind of result.
    if (known !== undefined) return known.result as Promise<Result>
    const result = work()
    this.#deeds.set(key, { result, forgottenAt: Date.now() + this.#ttlMs })
    try {
      return await result
    } catch (error) {
      this.#deeds.delete(key)
      throw error
    }
  }

  #forgetOld (): void {
    const now = Date.now()
    for (const [key, { forgottenAt }] of this.#deeds) {
      if (forgottenAt > now && this.#deeds.size < LIMIT) return
      this.#deeds.delete(key)
    }
  }
}
