import { once } from 'node:events'
import { createServer } from 'node:http'
import { createEmulator } from '../../src/emulator/app.ts'
import { postStateless } from '../../test/fixtures/stateless.ts'
import type { Order } from '../bench.ts'
import type { Report } from '../report.ts'
import { addressOf } from '../servers/serve.ts'
import { startServer } from '../server.ts'
import { doMany } from '../session-client.ts'

const AT_ONCE = 10
const SAMPLES = 5
const MIB = 2 ** 20

interface Sample {
  name: string
  keys: number
  heapBytes: number
  rssBytes: number
  /** Lists that were fetched so far. */
  fetched: number
  /** CPU time of the server for each call since the sample before. */
  cpuMicros: number
}

/**
 * What callers with their own keys cost in memory (DUST_KEY_PASSTHROUGH): so many keys, each of which lists its agents once, and
 * then a second time, when the first ones are forgotten. The Dust behind it takes every key and has so many agents for each.
 */
export async function run ({ isQuick, flags }: Order): Promise<Report> {
  const keys = Number(flags['keys']?.at(-1) ?? (isQuick ? 50 : 10_000))
  const agents = Number(flags['agents']?.at(-1) ?? 100)
  let fetched = 0
  const list = await listAgents(agents)
  const dust = createServer((_request, response) => {
    fetched++
    response.writeHead(200, { 'content-type': 'application/json' }).end(list)
  }).listen(0, '127.0.0.1')
  await once(dust, 'listening')
  const server = await startServer('product.ts', { nodeArgs: ['--expose-gc'], environment: { DUST_KEY_PASSTHROUGH: 'true', DUST_API_KEY: '', DUST_WORKSPACE_ID: '', DUST_BASE_URL: await addressOf(dust) } })

  const look = async (name: string, keys: number, cpuMicros: number): Promise<Sample> => ({ name, keys, ...await server.memory(), rssBytes: server.usage().rssBytes, fetched, cpuMicros })
  const samples = [await look('start', 0, NaN)]
  const each = keys / SAMPLES
  for (const round of ['first', 'second']) {
    for (let from = 0; from < keys; from += each) {
      const before = server.cpuMicros()
      await doMany(each, AT_ONCE, async (index) => callAs(server.address, from + index))
      samples.push(await look(`${round} time, ${from + each} keys`, from + each, (server.cpuMicros() - before) / each))
    }
  }
  await server.stop()
  dust.closeAllConnections()
  dust.close()
  const first = samples.slice(1, SAMPLES + 1)
  return {
    method: [`${keys} callers, each with a Dust key of its own, list their ${agents} agents, and then all of them again.`],
    tables: [{
      title: 'Memory',
      head: ['', 'heap MiB', 'resident MiB', 'lists fetched', 'CPU µs per call'],
      rows: samples.map(({ name, heapBytes, rssBytes, fetched, cpuMicros }) => [name, (heapBytes / MIB).toFixed(1), (rssBytes / MIB).toFixed(1), fetched, Number.isNaN(cpuMicros) ? '' : Math.round(cpuMicros)])
    }],
    growth: [{ costs: 'MiB', sizes: 'keys', rows: [{ what: 'heap', points: first.map(({ keys, heapBytes }) => [keys, heapBytes / MIB] as const) }, { what: 'resident', points: first.map(({ keys, rssBytes }) => [keys, rssBytes / MIB] as const) }] }],
    panels: [],
    packages: ['lru-cache'],
    failures: []
  }
}

async function callAs (address: string, number: number): Promise<void> {
  const headers = { 'x-dust-api-key': `sk-${String(number).padStart(32, '0')}`, 'x-dust-workspace-id': 'bench' }
  const text = await (await postStateless(address, 'tools/call', { name: 'dust_get_agent', arguments: { agent: 'dust' } }, { headers })).text()
  if (text.includes('isError') || !text.includes('structuredContent')) throw new Error(text)
}

/** A list as Dust would send it. */
async function listAgents (count: number): Promise<string> {
  const emulator = createEmulator({ agents: count })
  const { apiKey, workspaceId } = emulator.emulator.settings
  const { body } = await emulator.inject({ url: `/api/v1/w/${workspaceId}/assistant/agent_configurations`, headers: { authorization: `Bearer ${apiKey}` } })
  await emulator.close()
  return body
}
