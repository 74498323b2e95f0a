import { createRandom } from '../random.ts'
import type { RandomFault, StreamFault } from './fault.ts'

/** What will go wrong on one connection to a message's event stream. */
export interface ConnectionPlan {
  /** An error instead of a stream. */
  refusal?: 'not_found' | 'rate_limit'
  hasHandshake: boolean
  pageSize?: number
  /** Forget the events so far. */
  isExpired: boolean
  ending?: { how: 'cut' | 'cut_mid_frame' | 'done' | 'silent', afterEvents: number }
}

const undisturbed: ConnectionPlan = { hasHandshake: true, isExpired: false }

export function planFromFaults (faults: readonly StreamFault[]): ConnectionPlan {
  return faults.reduce(apply, undisturbed)
}

function apply (plan: ConnectionPlan, fault: StreamFault): ConnectionPlan {
  switch (fault.kind) {
    case 'no_handshake': return { ...plan, hasHandshake: false }
    case 'page': return { ...plan, pageSize: fault.size }
    case 'expired': return { ...plan, isExpired: true }
    case 'cut': return { ...plan, ending: { how: fault.midFrame === true ? 'cut_mid_frame' : 'cut', afterEvents: fault.afterEvents ?? 0 } }
    case 'done':
    case 'silent': return { ...plan, ending: { how: fault.kind, afterEvents: fault.afterEvents ?? 0 } }
  }
}

/** Draws a plan. The same fault, message and connection number give the same plan, whatever happens on other connections. */
export function drawPlan (fault: RandomFault, messageOrdinal: number, connection: number): ConnectionPlan {
  const random = createRandom('faults', fault.seed ?? 1, messageOrdinal, connection)
  const drawn = (probability: number | undefined) => random.chance(probability ?? 0)
  const afterEvents = random.integer(0, fault.maximumEvents ?? 20)
  const refusals = (['not_found', 'rate_limit'] as const).filter((kind) => drawn(fault[kind]))
  const endings = (['cut', 'cut_mid_frame', 'done', 'silent'] as const).filter((kind) => drawn(fault[kind]))
  const [refusal] = refusals
  const [how] = endings
  return {
    hasHandshake: !drawn(fault.no_handshake),
    isExpired: drawn(fault.expired),
    ...(drawn(fault.page) ? { pageSize: random.integer(1, 10) } : {}),
    ...(refusal === undefined ? {} : { refusal }),
    ...(how === undefined ? {} : { ending: { how, afterEvents } })
  }
}

export function isDisturbed ({ refusal, hasHandshake, pageSize, isExpired, ending }: ConnectionPlan): boolean {
  return refusal !== undefined || !hasHandshake || pageSize !== undefined || isExpired || ending !== undefined
}
