import type { DatabaseSync } from 'node:sqlite'
import { transact } from './database.ts'

interface Write {
  work: () => void
  done: () => void
  fail: (error: unknown) => void
}

/**
 * Does the writes of one turn of the event loop in one transaction: with many streams at once, to begin and end one for each event
 * takes longer than to write it. They are done in their order, all or none.
 */
export class WriteBatch {
  readonly #db: DatabaseSync
  #writes: Write[] = []

  constructor (db: DatabaseSync) {
    this.#db = db
  }

  /** Resolves to what the work returns, when it's in the file. */
  async add<Result> (work: () => Result): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    let finish = (): void => {}
    if (this.#writes.length === 0) setImmediate(() => { this.flush() })
    this.#writes.push({
      work: () => {
        const result = work()
        finish = () => { resolve(result) }
      },
      done: () => { finish() },
      fail: reject
    })
    return promise
  }

  /** Does at once what waits. */
  flush (): void {
    const writes = this.#writes
    this.#writes = []
    if (writes.length === 0) return
    try {
      transact(this.#db, () => { for (const { work } of writes) work() })
    } catch (error) {
      for (const { fail } of writes) fail(error)
      return
    }
    for (const { done } of writes) done()
  }
}
