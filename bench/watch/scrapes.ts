import { request } from 'undici'
import { startServer } from '../server.ts'
import { quantile } from '../statistics.ts'
import type { MeasuredStore } from '../stores.ts'

const HOUR_MS = 3_600_000
const WARM_UP = 20

export interface Scrapes {
  sessions: number
  /** CPU time of the server for each. */
  cpuMicros: number
  /** Until the client has all of it, in milliseconds. */
  p50: number
  p99: number
  bytes: number
}

/** Reads the metrics of a server so many times, whose store has so many sessions. */
export async function measureScrapes (store: MeasuredStore, sessions: number, times: number): Promise<Scrapes> {
  await store.fill(sessions, Date.now() + HOUR_MS)
  const server = await startServer('product.ts', { environment: { STORE_URL: store.url } })
  const scrape = async (): Promise<{ ms: number, text: string }> => {
    const startedAt = performance.now()
    const { statusCode, body } = await request(`${server.address}/metrics`)
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`A scrape was answered with ${statusCode}`)
    return { ms: performance.now() - startedAt, text }
  }
  for (let count = 0; count < WARM_UP; count++) await scrape()
  const cpuBefore = server.cpuMicros()
  const taken: number[] = []
  for (let count = 0; count < times; count++) taken.push((await scrape()).ms)
  const cpuMicros = (server.cpuMicros() - cpuBefore) / times
  const { text } = await scrape()
  await server.stop()
  const counted = /^mcp_dust_server_active_sessions(?:\{.*\})? (\d+)$/m.exec(text)?.[1]
  if (Number(counted) !== sessions) throw new Error(`The metrics say ${counted} sessions, not ${sessions}`)
  return { sessions, cpuMicros, p50: quantile(taken, 0.5), p99: quantile(taken, 0.99), bytes: Buffer.byteLength(text) }
}
