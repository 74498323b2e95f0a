import { applyLoad, type Load } from '../load.ts'
import { checkAgain, prepareLoad } from '../requests.ts'
import { interleave, type Rounds } from '../rounds.ts'
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

/** Starts the servers of a case, proves that they answer right, and measures them in rounds. */
export async function measureCase ({ contestants, connections, tools, questionFor }: Case, rounds: Rounds, seconds: number): Promise<Result[]> {
  const servers = new Map<string, Server>()
  try {
    const entrants: Entrant[] = []
    for (const contestant of contestants) {
      const server = servers.get(contestant.program) ?? await contestant.start(tools)
      servers.set(contestant.program, server)
      entrants.push({ contestant, server, load: await prepareLoad(server.address, contestant.lane, questionFor(contestant), connections) })
    }
    const samples = await interleave(entrants, rounds, async ({ server, load }, isWarmUp) => {
      const before = server.cpuMicros()
      const measured = await applyLoad(server.address, load, connections, isWarmUp ? WARM_UP_SECONDS : seconds)
      return { ...measured, answers: measured.requests / load.bodies.length, usedMicros: server.cpuMicros() - before }
    })
    for (const { contestant, server, load } of entrants) await checkAgain(server.address, contestant.lane, questionFor(contestant), load)
    return [...samples].map(([{ contestant, load }, measured]) => {
      const middle = (pick: (sample: typeof measured[number]) => number): number => median(measured.map(pick))
      return {
        contestant,
        perSecond: middle(({ answers, micros }) => answers / micros * 1e6),
        p50: middle(({ p50 }) => p50 / 1000),
        p99: middle(({ p99 }) => p99 / 1000),
        cpuMicros: middle(({ usedMicros, answers }) => usedMicros / answers),
        bytes: middle(({ bytes, answers }) => bytes / answers),
        pages: load.bodies.length,
        failed: measured.reduce((sum, { failed }) => sum + failed, 0)
      }
    })
  } finally {
    await Promise.all([...servers.values()].map((server) => server.stop()))
  }
}
