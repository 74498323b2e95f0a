import { setTimeout as sleep } from 'node:timers/promises'
import type { Run } from '../run/run.ts'

/** Waits for the runs to end, but no longer than that: the answer is then given with what there is. */
export async function settle (runs: readonly Run[], atMostMs: number): Promise<void> {
  const enough = new AbortController()
  await Promise.race([
    Promise.all(runs.map(({ finished }) => finished)),
    sleep(atMostMs, undefined, { signal: enough.signal, ref: false }).catch((error: unknown) => {
      if (!enough.signal.aborted) throw error
    })
  ])
  enough.abort()
}
