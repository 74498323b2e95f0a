import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import type { Order } from '../bench.ts'
import type { Report } from '../report.ts'
import { interleave } from '../rounds.ts'
import { startServer, type Server } from '../server.ts'
import { median } from '../statistics.ts'

const SIZES = [1, 50, 200]
const SETTLE_MS = 1000

interface Contestant {
  name: string
  server: Server
  watchers: number
}

/** What it costs the server that people watch its status page: without the page, with it, and with so many who watch. */
export async function run ({ rounds, seconds, isQuick }: Order): Promise<Report> {
  const [times, duration] = [rounds ?? (isQuick ? 1 : 5), seconds ?? (isQuick ? 2 : 10)]
  const [without, watched] = [await startServer('product.ts', { environment: { STATUS_PAGE: 'off' } }), await startServer('product.ts', { environment: { STATUS_PAGE: 'on' } })]
  const contestants: Contestant[] = [
    { name: 'no page', server: without, watchers: 0 },
    { name: 'nobody watches', server: watched, watchers: 0 },
    ...SIZES.map((watchers) => ({ name: `${watchers} watch`, server: watched, watchers }))
  ]
  const samples = await interleave(contestants, { rounds: times, hasWarmUp: !isQuick }, async (contestant) => measure(contestant, duration))
  await Promise.all([without.stop(), watched.stop()])

  const results = [...samples].map(([contestant, all]) => ({
    ...contestant, percent: median(all.map(({ percent }) => percent)), bytes: median(all.map(({ bytes }) => bytes))
  }))
  return {
    method: [`The server has nothing to do but to be watched, each time for ${duration} s, ${times} times, in rounds in which all have their turn; the figures are medians.`],
    tables: [{
      title: 'Watching the status page',
      head: ['', 'CPU, percent of a core', 'bytes a second to each'],
      rows: results.map(({ name, percent, bytes, watchers }) => [name, percent.toFixed(2), watchers === 0 ? 'n/a' : Math.round(bytes)])
    }],
    growth: [{ costs: 'CPU, percent of a core', sizes: 'who watch', rows: [{ what: 'the server', points: results.filter(({ watchers }) => watchers > 0).map(({ watchers, percent }) => [watchers, percent] as const) }] }],
    panels: [{ kind: 'bars', title: 'CPU of the server, percent of a core', bars: results.map(({ name, percent, watchers }) => ({ name, value: percent, isOurs: watchers > 0 })) }],
    packages: ['fastify'],
    failures: results.filter(({ watchers, bytes }) => watchers > 0 && bytes === 0).map(({ name }) => `${name}, but nothing came`)
  }
}

async function measure ({ server, watchers }: Contestant, seconds: number): Promise<{ percent: number, bytes: number }> {
  const { leave, bytes } = await watch(server.address, watchers)
  await pause(SETTLE_MS)
  const [cpuBefore, bytesBefore] = [server.cpuMicros(), bytes()]
  await pause(seconds * 1000)
  const percent = (server.cpuMicros() - cpuBefore) / seconds / 10_000
  const received = bytes() - bytesBefore
  leave()
  return { percent, bytes: watchers === 0 ? 0 : received / watchers / seconds }
}

/** Lets so many watch, each over a connection of its own. */
async function watch (address: string, count: number): Promise<{ leave: () => void, bytes: () => number }> {
  let bytes = 0
  const responses = await Promise.all(Array.from({ length: count }, async () => {
    const [response]: IncomingMessage[] = await once(get(`${address}/status/events`, { agent: false }), 'response')
    if (response?.statusCode !== 200) throw new Error(`${address} lets nobody watch: ${response?.statusCode}`)
    response.on('data', (chunk: Buffer) => { bytes += chunk.length }).on('error', () => {})
    return response
  }))
  return { bytes: () => bytes, leave: () => { for (const response of responses) response.destroy() } }
}
