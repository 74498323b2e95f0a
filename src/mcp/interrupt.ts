import { OperationAborted, type AbortCause } from './operation.ts'

/** Ends an operation early, should somebody want that; it says once why. */
export class Interrupt {
  /** For the one that waits for the end of the operation: a listener of the signal costs as much as the rest of a quick call. */
  onabort: (() => void) | undefined
  readonly #controller = new AbortController()
  #reason: OperationAborted | undefined

  get signal (): AbortSignal {
    return this.#controller.signal
  }

  /** Why the operation shall end; `undefined` while it may go on. */
  get reason (): OperationAborted | undefined {
    return this.#reason
  }

  abort (cause: AbortCause): void {
    if (this.#reason !== undefined) return
    this.#reason = new OperationAborted(cause)
    this.#controller.abort(this.#reason)
    this.onabort?.()
  }
}
