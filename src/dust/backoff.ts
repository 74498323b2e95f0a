import { setTimeout as sleep } from 'node:timers/promises'
import { cancelledError } from './errors.ts'
import type { DustOperation } from './operations.ts'
import type { DustTiming } from './timing.ts'

/**
 * How long to wait before try `failures + 1`: doubled each time up to the maximum,
 * half of it random so that many clients don't come back at the same moment.
 */
export function backoffMs (failures: number, timing: DustTiming): number {
  const full = Math.min(timing.backoffBaseMs * 2 ** Math.max(failures - 1, 0), timing.backoffMaxMs)
  return full * (0.5 + Math.random() / 2)
}

/** Waits, and throws a DustError of kind `cancelled` as soon as the signal aborts. */
export async function pause (delayMs: number, signal: AbortSignal, operation: DustOperation): Promise<void> {
  try {
    await sleep(delayMs, undefined, { signal })
  } catch {
    // The only way in which a sleep fails is its signal.
    throw cancelledError(operation)
  }
}
