import { applyLoad, type Load } from '../load.ts'
import { checkAgain, prepareLoad } from '../requests.ts'
import { inTurn, type Rounds } from '../rounds.ts'
import { median } from '../statistics.ts'
import type { Server } from '../server.ts'
import type { Case } from './cases.ts'
import type { Contestant } from './contestants.ts'

const WARM_UP_SECONDS = 2

/** Medians of the rounds. */
export interface Result {
  contestant: Contestant
  perSecond: number
  /** Latencies in milliseconds. */
  p50: number
  p99: number
  /** CPU time of the server, and of those that it has started, for each answer. */
  cpuMicros: number
  /** Size of an answer on the wire. */
  bytes: number
  /** Requests that an answer takes: as many as it has pages. */
  pages: number
  failed: number
}

interface Entrant {
  contestant: Contestant
  server: Server
  load: Load
}

type Sample = Omit<Result, 'contestant'>

/**
 * Measures the contestants of a case in rounds. Each round begins with new processes, since two of the same program can differ by a fifth
 * for as long as they live: by what was compiled when, and where it lies in memory.
 */
export async function measureCase (measured: Case, { rounds, hasWarmUp }: Rounds, seconds: number): Promise<Result[]> {
  const samples = new Map<Contestant, Sample[]>(measured.contestants.map((contestant) => [contestant, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [contestant, sample] of await measureOnce(measured, { round, hasWarmUp }, seconds)) samples.get(contestant)?.push(sample)
  }
  return [...samples].map(([contestant, all]) => {
    const middle = (pick: (sample: Sample) => number): number => median(all.map(pick))
    return {
      contestant,
      perSecond: middle(({ perSecond }) => perSecond),
      p50: middle(({ p50 }) => p50),
      p99: middle(({ p99 }) => p99),
      cpuMicros: middle(({ cpuMicros }) => cpuMicros),
      bytes: middle(({ bytes }) => bytes),
      pages: middle(({ pages }) => pages),
      failed: all.reduce((sum, { failed }) => sum + failed, 0)
    }
  })
}

/** Starts the servers of a case, proves that they answer right, and measures each once. Each round begins with another one. */
async function measureOnce ({ contestants, connections, tools, questionFor }: Case, { round, hasWarmUp }: { round: number, hasWarmUp: boolean }, seconds: number): Promise<Map<Contestant, Sample>> {
  const servers = new Map<string, Server>()
  try {
    const entrants: Entrant[] = []
    for (const contestant of inTurn(contestants, round)) {
      const server = servers.get(contestant.program) ?? await contestant.start(tools)
      servers.set(contestant.program, server)
      entrants.push({ contestant, server, load: await prepareLoad(server.address, contestant.lane, questionFor(contestant), connections) })
    }
    if (hasWarmUp) for (const { server, load } of entrants) await applyLoad(server.address, load, connections, WARM_UP_SECONDS)
    const samples = new Map<Contestant, Sample>()
    for (const { contestant, server, load } of entrants) {
      const before = server.cpuMicros()
      const { requests, micros, p50, p99, bytes, failed } = await applyLoad(server.address, load, connections, seconds)
      const pages = load.bodies.length
      const answers = requests / pages
      samples.set(contestant, {
        perSecond: answers / micros * 1e6,
        p50: p50 / 1000,
        p99: p99 / 1000,
        cpuMicros: (server.cpuMicros() - before) / answers,
        bytes: bytes / answers,
        pages,
        failed
      })
    }
    for (const { contestant, server, load } of entrants) await checkAgain(server.address, contestant.lane, questionFor(contestant), load)
    return samples
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()))
  }
}
