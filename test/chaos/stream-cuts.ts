import type { Emulator } from '../../src/emulator/emulator.ts'
import { drawPlan } from '../../src/emulator/faults/connection-plan.ts'
import type { RandomFault } from '../../src/emulator/faults/fault.ts'

/**
 * How many connections the emulated Dust was to break off, as the fault decided for each that was opened.
 * One that ended before its break was due is counted, too.
 */
export function countStreamCuts ({ workspace }: Emulator, fault: RandomFault): number {
  let cuts = 0
  for (const [ordinal, { connections }] of [...workspace.runs.values()].entries()) {
    for (let connection = 1; connection <= connections; connection++) {
      if (drawPlan(fault, ordinal, connection).ending?.how.startsWith('cut') === true) cuts++
    }
  }
  return cuts
}
