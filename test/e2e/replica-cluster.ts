import path from 'node:path'
import type { Test } from 'tap'
import type { Emulator } from '../../src/emulator/emulator.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { startRedis, type RedisServer } from '../fixtures/redis.ts'
import { startEmulator, until } from '../helper.ts'
import { startReplica, type Replica } from './replica.ts'

const PLUGINS = ['interview', 'notices'].map((name) => path.join(import.meta.dirname, '..', 'fixtures', `${name}-plugin.ts`)).join(',')

export interface Cluster {
  replicas: Replica[]
  addresses: string[]
  redis: RedisServer
  /** The workspace behind them. */
  dust: Emulator
}

/** Processes that share a Redis, without the tools of single agents unless they are told otherwise, until the test ends; `null` where there is none. */
export async function startCluster (t: Test, count: number, environment: Record<string, string> = {}): Promise<Cluster | null> {
  const redis = await startRedis(t)
  if (redis === null) return null
  const { emulator: { emulator: dust }, environment: access } = await startEmulator(t)
  const replicas = await Promise.all(Array.from({ length: count }, () => startReplica(t, { ...access, STORE_URL: redis.url, EXTRA_PLUGINS: PLUGINS, DUST_AGENT_TOOLS: 'false', ...environment })))
  const addresses = replicas.map(({ address }) => address)
  // Before it knows of another one, it takes it for dead.
  for (const address of addresses) await until(async () => (await readMetrics(address)).value('mcp_dust_server_replicas') === count)
  return { dust, replicas, redis, addresses }
}
