import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'

/** How fast the agents work. Delays are written for pace 1; 0.1 is ten times as fast, 0 waits for nothing but other work. */
export class Pace {
  factor: number

  constructor (factor: number) {
    this.factor = factor
  }

  /** Rejects with an `AbortError` when the signal fires. */
  async wait (milliseconds: number, signal: AbortSignal): Promise<void> {
    const scaled = milliseconds * this.factor
    if (scaled > 0) await sleep(scaled, undefined, { signal })
    else await nextTurn(undefined, { signal })
  }
}
