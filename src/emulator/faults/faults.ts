import type { Operation } from '../operations.ts'
import { drawPlan, isDisturbed, planFromFaults, type ConnectionPlan } from './connection-plan.ts'
import { isRequestFault, isStreamFault, type Fault, type RequestFault, type StreamFault } from './fault.ts'

interface Loaded<Kind extends Fault> {
  readonly fault: Kind
  remaining: number
}

const usualUnknownRate = 0.02
const usualLimit = 5

/** The faults that are switched on, and how often each still strikes. */
export class Faults {
  #all: readonly Fault[] = []
  #request: Array<Loaded<RequestFault>> = []
  #stream: Array<Loaded<StreamFault>> = []
  readonly #disturbances = new Map<number, number>()

  /** Switches these on and all others off. */
  replace (faults: readonly Fault[]): void {
    this.#all = faults
    this.#request = faults.filter(isRequestFault).map(load)
    this.#stream = faults.filter(isStreamFault).map(load)
    this.#disturbances.clear()
  }

  clear (): void {
    this.replace([])
  }

  /** Those that can still strike; `remaining` is `null` for the ones that are never used up. */
  list (): Array<{ fault: Fault, remaining: number | null }> {
    const counted = [...this.#request, ...this.#stream].filter(({ remaining }) => remaining > 0)
      .map(({ fault, remaining }) => ({ fault, remaining: Number.isFinite(remaining) ? remaining : null }))
    const standing = this.#all.filter((fault) => !isRequestFault(fault) && !isStreamFault(fault)).map((fault) => ({ fault, remaining: null }))
    return [...counted, ...standing]
  }

  /** The faults for this request: the first that decides its outcome, the first that slows it down, the first that changes an address. */
  forRequest (operation: Operation): RequestFault[] {
    return take(this.#request.filter(({ fault }) => fault.operation === undefined || fault.operation === operation))
  }

  /** What goes wrong on a connection: the faults that were ordered, or else what chance decides. */
  forConnection (messageOrdinal: number, connection: number): ConnectionPlan {
    const ordered = planFromFaults(take(this.#stream))
    const random = this.#all.find((fault) => fault.kind === 'random')
    if (random === undefined || isDisturbed(ordered)) return ordered
    const disturbances = this.#disturbances.get(messageOrdinal) ?? 0
    const drawn = drawPlan(random, messageOrdinal, connection)
    if (disturbances >= (random.limit ?? usualLimit) || !isDisturbed(drawn)) return ordered
    this.#disturbances.set(messageOrdinal, disturbances + 1)
    return drawn
  }

  unknownRate (): number {
    return this.#all.find((fault) => fault.kind === 'unknown_events')?.rate ?? usualUnknownRate
  }
}

function load<Kind extends RequestFault | StreamFault> (fault: Kind): Loaded<Kind> {
  return { fault, remaining: fault.times === 'always' ? Infinity : fault.times ?? 1 }
}

function take<Kind extends Fault> (candidates: Array<Loaded<Kind>>): Kind[] {
  const aspects = new Set<string>()
  return candidates.filter((loaded) => {
    const aspect = aspectOf(loaded.fault)
    if (loaded.remaining === 0 || aspects.has(aspect)) return false
    aspects.add(aspect)
    loaded.remaining--
    return true
  }).map(({ fault }) => fault)
}

/** What two faults can't both decide. */
function aspectOf ({ kind }: Fault): string {
  switch (kind) {
    case 'slow':
    case 'foreign_url':
    case 'no_handshake':
    case 'page':
    case 'expired': return kind
    default: return 'outcome'
  }
}
