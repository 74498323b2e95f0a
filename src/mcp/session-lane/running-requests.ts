import { setTimeout as pause } from 'node:timers/promises'
import { Interrupt } from '../interrupt.ts'
import type { RequestId } from '../json-rpc.ts'
import type { AbortCause } from '../operation.ts'

interface RunningRequest {
  interrupt: Interrupt
  /** Settles when it's over. */
  result: Promise<unknown>
}

/** The requests of a session that are being worked on here. */
export class RunningRequests {
  readonly #running = new Map<RequestId, RunningRequest>()

  get isEmpty (): boolean {
    return this.#running.size === 0
  }

  has (id: RequestId): boolean {
    return this.#running.has(id)
  }

  /** Works on a request, until it's done or the interrupt tells the work to stop. */
  async run<Result> (id: RequestId, work: (interrupt: Interrupt) => Promise<Result>): Promise<Result> {
    const interrupt = new Interrupt()
    const result = work(interrupt)
    const request = { interrupt, result }
    this.#running.set(id, request)
    try {
      return await result
    } finally {
      // The client may have used the id again.
      if (this.#running.get(id) === request) this.#running.delete(id)
    }
  }

  abort (id: RequestId, cause: AbortCause): void {
    this.#running.get(id)?.interrupt.abort(cause)
  }

  abortAll (cause: AbortCause): void {
    for (const id of this.#running.keys()) this.abort(id, cause)
  }

  /** Resolves when none of these is worked on any more, or the time is over. */
  async over (ids: readonly RequestId[], ms: number): Promise<void> {
    const waiting = new AbortController()
    await Promise.race([
      Promise.allSettled(ids.map((id) => this.#running.get(id)?.result)).then(() => { waiting.abort() }),
      pause(ms, undefined, { signal: waiting.signal, ref: false }).catch(() => {}) // the abort
    ])
  }
}
