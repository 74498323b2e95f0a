import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '../../src/emulator/random.ts'
import type { Cluster } from './cluster.ts'
import type { Milestones } from './milestones.ts'
import type { Redis } from './redis.ts'
import type { RoundRobinProxy } from './round-robin-proxy.ts'

/** What goes wrong, and when: so long after so many calls have ended. */
export type Disturbance = { afterCalls: number, delayMs: number } & (
  | { kind: 'kill', replica: number, downMs: number }
  /** `which` of the exchanges in flight, as a share of them. */
  | { kind: 'cut', which: number }
  | { kind: 'redisRestart' }
)

export interface DisturbanceCounts {
  kills: number
  cuts: number
  redisRestarts: number
}

export interface Targets {
  cluster: Cluster
  proxy: RoundRobinProxy
  redis: Redis | undefined
}

/**
 * Spreads disturbances evenly over the calls. The same random numbers make the same plan.
 *
 * @param lastCalls how many calls have ended at most when one begins; later there may be nobody left to disturb
 */
export function planDisturbances (random: Random, lastCalls: number, replicas: number, { kills, cuts, redisRestarts }: DisturbanceCounts): Disturbance[] {
  const moments = (count: number) => Array.from({ length: count }, (_, index) => ({
    afterCalls: Math.floor((index + random.next()) / count * lastCalls), delayMs: random.integer(0, 2000)
  }))
  return [
    // One process alone is needed again at once.
    ...moments(kills).map((moment) => ({ ...moment, kind: 'kill' as const, replica: random.integer(0, replicas - 1), downMs: replicas === 1 ? 0 : random.integer(0, 3000) })),
    ...moments(cuts).map((moment) => ({ ...moment, kind: 'cut' as const, which: random.next() })),
    ...moments(redisRestarts).map((moment) => ({ ...moment, kind: 'redisRestart' as const }))
  ]
}

/**
 * Lets each disturbance strike at its time.
 *
 * @param over whose abort leaves out what hasn't struck yet
 * @returns how many did, once all have or are left out
 */
export async function disturb (plan: readonly Disturbance[], ended: Milestones, { cluster, proxy, redis }: Targets, over: AbortSignal, log: (words: string) => void): Promise<DisturbanceCounts> {
  const counts = { kills: 0, cuts: 0, redisRestarts: 0 }

  async function strike (disturbance: Disturbance): Promise<void> {
    await ended.reached(disturbance.afterCalls)
    await sleep(disturbance.delayMs, undefined, { signal: over })
    switch (disturbance.kind) {
      case 'kill':
        log(`killed replica ${await cluster.kill(disturbance.replica, disturbance.downMs)}, for ${disturbance.downMs} ms`)
        counts.kills++
        break
      case 'cut':
        if (proxy.cut(disturbance.which)) counts.cuts++
        break
      case 'redisRestart':
        await redis?.restart()
        log('Redis was restarted')
        counts.redisRestarts++
    }
  }

  await Promise.all(plan.map(async (disturbance) => {
    try {
      await strike(disturbance)
    } catch (error) {
      if (!over.aborted) throw error
    }
  }))
  return counts
}
