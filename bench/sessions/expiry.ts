import { setTimeout as pause } from 'node:timers/promises'
import { startServer } from '../server.ts'
import { SessionClient } from '../session-client.ts'
import { quantile } from '../statistics.ts'
import type { MeasuredStore } from '../stores.ts'
import type { LoopDelay } from '../servers/serve.ts'

const PING_INTERVAL_MS = 10
const POLL_MS = 200
/** Keys of Redis that aren't of a session which is over. */
const OTHERS = 8

interface Disturbance extends LoopDelay {
  /** Of a request that was sent every 10 ms. */
  slowestMs: number
  p99PingMs: number
}

export interface Expiry {
  sessions: number
  /** From the first that is gone to the last. */
  seconds: number
  /** For each, beyond what the same time took before. */
  cpuMicros: number
  during: Disturbance
  /** Of the same process, shortly before. */
  quiet: Disturbance
}

/** Starts a server with so many sessions that are over, and watches how it feels when they are found, all at once. */
export async function measureExpiry (store: MeasuredStore, sessions: number, ttlSeconds: number): Promise<Expiry> {
  await store.fill(sessions, Date.now() - 1000)
  // It looks for them twice in a lifetime.
  const server = await startServer('product.ts', { environment: { STORE_URL: store.url, SESSION_TTL: `${ttlSeconds}s`, SESSION_LIMIT: String(2 * sessions) } })
  const client = new SessionClient(server.address, 4)
  const session = await client.open()
  const full = await store.entries()
  const pings = { times: [] as number[], failures: [] as unknown[] }
  const pinging = setInterval(() => {
    const sentAt = performance.now()
    client.ping(session).then(() => { pings.times.push(performance.now() - sentAt) }, (error: unknown) => { pings.failures.push(error) })
  }, PING_INTERVAL_MS)

  const watch = async (work: () => Promise<void>): Promise<Disturbance> => {
    await server.loopDelay()
    pings.times = []
    await work()
    return { ...await server.loopDelay(), slowestMs: Math.max(...pings.times), p99PingMs: quantile(pings.times, 0.99) }
  }
  await pause(ttlSeconds * 100)
  const quietMs = ttlSeconds * 250
  const cpuBefore = server.cpuMicros()
  const quiet = await watch(() => pause(quietMs))
  if (await store.entries() < full) throw new Error('They were gone before anybody looked')
  const [cpuAfter, since] = [server.cpuMicros(), performance.now()]
  let startedAt = since
  const during = await watch(async () => {
    for (let left = full; left > OTHERS; left = await store.entries()) {
      await pause(POLL_MS)
      if (left === full) startedAt = performance.now()
    }
  })
  const endedAt = performance.now()
  const seconds = (endedAt - startedAt + POLL_MS) / 1000
  const cpuMicros = (server.cpuMicros() - cpuAfter - (cpuAfter - cpuBefore) / quietMs * (endedAt - since)) / sessions
  clearInterval(pinging)
  await client.close()
  await server.stop()
  if (pings.failures.length > 0) throw new Error(`${pings.failures.length} pings failed`, { cause: pings.failures[0] })
  return { sessions, seconds, cpuMicros, during, quiet }
}
