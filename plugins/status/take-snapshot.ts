import type { FastifyInstance } from 'fastify'
import { readDust, readOperations, sum } from './readings.ts'
import type { Point, Snapshot } from './snapshot.ts'

/** Longer lists would make each second heavy, and nobody reads them. */
const MOST_RUNS = 100

/** How everything is, from what the service knows anyway: it asks nobody. The gauges must be fresh. */
export async function takeSnapshot ({ health, instruments, runs, recentErrors, memoryUsage }: FastifyInstance, point: Point): Promise<Snapshot> {
  const { status, checks } = health.report()
  const { http, mcp, process, sessions, store } = instruments
  const inProgress = runs.inProgress
  const { total, failed, table } = await readOperations(instruments)
  const streams = async (kind: string): Promise<number> => sum(http.streamsOpen, (labels) => labels['kind'] === kind)
  return {
    at: Date.now(),
    point,
    health: {
      status,
      unreadyBecause: health.unreadyBecause(),
      checks: Object.entries(checks).map(([name, report]) => ({ name, ...report }))
    },
    sessions: { active: await sum(sessions.active), limit: await sum(sessions.limit), replicas: await sum(store.replicas) },
    streams: { standalone: await streams('standalone'), request: await streams('request') },
    watchers: await streams('status'),
    runs: {
      inProgress: await sum(instruments.runs.inProgress),
      limit: await sum(instruments.runs.limit),
      list: inProgress.slice(0, MOST_RUNS),
      listed: inProgress.length
    },
    operations: { total, failed, inFlight: await sum(mcp.operationsInFlight), table },
    dust: await readDust(instruments),
    process: {
      memoryBytes: await sum(process.memoryUsage),
      memoryLimitBytes: await sum(process.memoryLimit),
      cpuPercent: Math.round(await sum(process.cpuUsage)),
      eventLoopDelayMs: Math.round(memoryUsage().eventLoopDelay)
    },
    errors: recentErrors.list()
  }
}
