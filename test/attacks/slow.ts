import { setTimeout as wait } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { AttackKind, AttackPlan, End } from './attackers.ts'
import { useNormally, type Traffic } from './normal-traffic.ts'
import type { Target } from './target.ts'

/** In which everything is compiled and every connection is opened. */
const WARM_UP_MS = 5000

export interface SlowAttack {
  attackers: Record<AttackKind, number>
  byteEveryMs: number
  /** Normal clients beside, and their pause between two calls. */
  clients: number
  clientEveryMs: number
  /** How long each of the two measurements lasts at least. */
  phaseMs: number
}

export interface Phase extends Traffic {
  seconds: number
  /** Connections that came to their end. */
  ends: End[]
  /** Memory of the server, in MiB, at the start and at most while it was looked at. */
  rssBefore: number
  rssMost: number
}

export interface SlowReport {
  quiet: Phase
  attacked: Phase
  /** What the server has counted. */
  counted: Record<'slow' | 'malformed' | 'stalled' | 'backlog' | 'crowd', number>
  rssAfter: number
}

/** Measures normal traffic beside readers who read, then beside attackers, and until the last of their connections was cut. */
export async function attackSlowly (target: Target, { attackers, byteEveryMs, clients, clientEveryMs, phaseMs }: SlowAttack): Promise<SlowReport> {
  const plan = { port: target.port, byteEveryMs, attackers, isHarmless: false }
  const during = (plan: AttackPlan, ms: number): Promise<Phase> => measure(target, clients, clientEveryMs, plan, ms)
  await during({ ...plan, attackers: { head: 0, body: 0, reader: 0 } }, WARM_UP_MS)
  const quiet = await during({ ...plan, attackers: { ...attackers, head: 0, body: 0 }, isHarmless: true }, phaseMs)
  const attacked = await during(plan, phaseMs)
  const { counter } = target
  return {
    quiet,
    attacked,
    counted: {
      slow: await counter('requests_refused_total', 'slow'),
      malformed: await counter('requests_refused_total', 'malformed'),
      stalled: await counter('readers_cut_total', 'stalled'),
      backlog: await counter('readers_cut_total', 'backlog'),
      crowd: await counter('readers_cut_total', 'crowd')
    },
    rssAfter: target.memory().rss
  }
}

/** In a thread of its own: what the attackers do must not slow down what is measured. */
async function attack (workerData: AttackPlan): Promise<End[]> {
  const ends: End[] = []
  const worker = new Worker(new URL('attackers.ts', import.meta.url), { workerData })
  worker.on('message', (end: End) => { ends.push(end) })
  await new Promise<void>((resolve, reject) => { worker.on('exit', () => { resolve() }).on('error', reject) })
  return ends
}

async function measure (target: Target, clients: number, everyMs: number, plan: AttackPlan, ms: number): Promise<Phase> {
  const startedAt = performance.now()
  const rssBefore = target.memory().rss
  let rssMost = rssBefore
  const sampling = setInterval(() => { rssMost = Math.max(rssMost, target.memory().rss) }, 200)
  const end = new AbortController()
  try {
    const traffic = useNormally(target.address, clients, everyMs, end.signal)
    const [ends] = await Promise.all([attack(plan), wait(ms)]).finally(() => { end.abort() })
    return { ...await traffic, ends, seconds: (performance.now() - startedAt) / 1000, rssBefore, rssMost }
  } finally {
    clearInterval(sampling)
  }
}
