import { setTimeout as pause } from 'node:timers/promises'
import type { RequestId } from '../json-rpc.ts'
import { OperationAborted, type AbortCause } from '../operation.ts'

interface RunningRequest {
  controller: AbortController
  /** Resolves when it's over, however it ended. */
  over: Promise<void>
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

  /** Works on a request, until it's done or the signal tells the work to stop. */
  async run<Result> (id: RequestId, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    const controller = new AbortController()
    const result = work(controller.signal)
    const request = { controller, over: result.then(() => {}, () => {}) } // whoever called `run` gets the error
    this.#running.set(id, request)
    try {
      return await result
    } finally {
      // The client may have used the id again.
      if (this.#running.get(id) === request) this.#running.delete(id)
    }
  }

  abort (id: RequestId, cause: AbortCause): void {
    this.#running.get(id)?.controller.abort(new OperationAborted(cause))
  }

  abortAll (cause: AbortCause): void {
    for (const id of this.#running.keys()) this.abort(id, cause)
  }

  /** Resolves when none of these is worked on any more, or the time is over. */
  async over (ids: readonly RequestId[], ms: number): Promise<void> {
    const waiting = new AbortController()
    await Promise.race([
      Promise.all(ids.map((id) => this.#running.get(id)?.over)).then(() => { waiting.abort() }),
      pause(ms, undefined, { signal: waiting.signal, ref: false }).catch(() => {}) // the abort
    ])
  }
}
