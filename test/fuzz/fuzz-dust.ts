import { createRandom } from '../../src/emulator/random.ts'
import { connectAs, CLIENTS } from '../e2e/clients/connect-as.ts'
import type { Person } from '../e2e/clients/official-client.ts'
import { createKnown, makeCall } from './dust-calls.ts'
import type { HostileDust } from './hostile-dust.ts'

export interface DustFuzzOptions {
  seed: number
  /** Spoilt answers and events, after which it's enough. */
  count: number
  /** Clients, each with one call at a time. */
  clients?: number
  onProgress: (done: number) => Promise<void>
}

export interface DustFuzzReport {
  calls: number
  /** How they ended. */
  outcomes: { answered: number, toolErrors: number, refused: Record<string, number> }
  slowestMs: number
  findings: string[]
}

/** Codes with which the server says that it can't, and why; everything else is its own fault, or the client's for want of an answer. */
const CLEAR_CODES: ReadonlySet<unknown> = new Set([-32000, -32002, -32602])
const BROKEN = 'fault in the server'
const PROGRESS_STEPS = 60
const KINDS = CLIENTS.map(({ kind }) => kind)

/** Has official clients use everything that asks Dust, while Dust answers nonsense. */
export async function fuzzDust (address: string, dust: HostileDust, { seed, count, clients = 60, onProgress }: DustFuzzOptions): Promise<DustFuzzReport> {
  const report: DustFuzzReport = { calls: 0, outcomes: { answered: 0, toolErrors: 0, refused: {} }, slowestMs: 0, findings: [] }
  const closers: Array<() => unknown> = []
  const known = createKnown()
  const isEnough = (): boolean => dust.counts.answers + dust.counts.events >= count
  let reached = 0
  let number = 0

  async function work (index: number): Promise<void> {
    const kind = KINDS[index % KINDS.length] ?? 'SDK v1'
    const client = await connectAs({ teardown: (close) => { closers.push(close) } }, kind, address, { person: createPerson(seed, index), canAnswer: index % 3 > 0 })
    while (!isEnough()) {
      const random = createRandom('call', seed, number++)
      const startedAt = performance.now()
      try {
        const called = await makeCall(client, random, known)
        if (called?.text.includes(BROKEN) === true) report.findings.push(`${kind} was told: ${called.text.slice(0, 300)}`)
        if (called?.isError === true) report.outcomes.toolErrors++
        else report.outcomes.answered++
      } catch (error) {
        const { code, message } = Object(error)
        const words = `${String(code)} ${String(message).slice(0, 500)}`
        if (CLEAR_CODES.has(code) && !words.includes('Invalid tools/call result')) report.outcomes.refused[code] = (report.outcomes.refused[code] ?? 0) + 1
        else report.findings.push(`${kind} got an error: ${words}`)
      }
      report.calls++
      report.slowestMs = Math.max(report.slowestMs, Math.round(performance.now() - startedAt))
      const step = Math.floor((dust.counts.answers + dust.counts.events) * PROGRESS_STEPS / count)
      if (step > reached) {
        reached = step
        await onProgress(dust.counts.answers + dust.counts.events)
      }
    }
  }

  dust.isHostile = true
  await Promise.all(Array.from({ length: clients }, (_, index) => work(index)))
  dust.isHostile = false
  for (const close of closers) await close()
  return report
}

/** Says yes to whatever it's asked, or no. */
function createPerson (seed: number, index: number): Person {
  const random = createRandom('person', seed, index)
  const answers: Record<string, string | boolean> = { decision: 'approve', choice: '0', option0: true, other: 'Something' }
  return async ({ fields }) => random.chance(0.7)
    ? { action: 'accept', content: Object.fromEntries(fields.flatMap((field) => Object.hasOwn(answers, field) ? [[field, answers[field] ?? '']] : [])) }
    : { action: random.pick(['decline', 'cancel']) }
}
