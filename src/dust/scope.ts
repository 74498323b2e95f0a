/** A signal of our own that follows others, and lets go of them when the work is over. */
export interface Scope {
  readonly signal: AbortSignal
  abort (): void
  /** Stops following. Call it always: the followed signals may live much longer. */
  release (): void
}

/**
 * Opens a scope that is aborted as soon as one of `sources` is.
 * Not `AbortSignal.any`: what that leaves behind on a long-lived source waits for the garbage collector.
 */
export function openScope (...sources: Array<AbortSignal | undefined>): Scope {
  const controller = new AbortController()
  const abort = () => { controller.abort() }
  for (const source of sources) {
    if (source?.aborted) abort()
    source?.addEventListener('abort', abort, { once: true })
  }
  return {
    signal: controller.signal,
    abort,
    release () {
      for (const source of sources) source?.removeEventListener('abort', abort)
    }
  }
}
