import { totalmem } from 'node:os'

/**
 * How much memory the process may use, in bytes: the limit of its container, or else all that the machine has.
 *
 * @see https://nodejs.org/api/process.html#processconstrainedmemory
 */
export function memoryLimitBytes (): number {
  const limit = process.constrainedMemory()
  // 0 means unknown; without a limit Linux gives a number near 2^64.
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem()
}
