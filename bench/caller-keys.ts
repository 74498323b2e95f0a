import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { parseArgs } from 'node:util'
import { createEmulator } from '../src/emulator/app.ts'
import { postStateless } from '../test/fixtures/stateless.ts'
import { startServer, type TalkingServer } from './server.ts'
import { toMarkdown } from './table.ts'

/**
 * What callers with their own keys cost in memory (DUST_KEY_PASSTHROUGH): so many keys, each of which lists its agents once, and
 * then a second time, when the first ones are forgotten. The Dust behind it takes every key and has so many agents for each.
 */
const { values } = parseArgs({ options: { keys: { type: 'string', default: '10000' }, agents: { type: 'string', default: '100' }, samples: { type: 'string', default: '5' } } })
const [keys, samples] = [Number(values.keys), Number(values.samples)]
const AT_ONCE = 10

let asked = 0
const agents = await agentsOf(Number(values.agents))
const dust = createServer((_request, response) => {
  asked++
  response.writeHead(200, { 'content-type': 'application/json' }).end(agents)
}).listen(0, '127.0.0.1')
await once(dust, 'listening')
const { port } = dust.address() as AddressInfo

const server = await startServer('product.ts', { nodeArgs: ['--expose-gc'], environment: { DUST_KEY_PASSTHROUGH: 'true', DUST_API_KEY: '', DUST_WORKSPACE_ID: '', DUST_BASE_URL: `http://127.0.0.1:${port}` } })
const rows = [[...await measure(server, 'start'), '']]
for (const round of ['first', 'second']) {
  for (let sample = 0; sample < samples; sample++) {
    const from = keys / samples * sample
    const before = server.cpuMicros()
    await useKeys(server, from, from + keys / samples)
    rows.push([...await measure(server, `${round} ${from + keys / samples}`), Math.round((server.cpuMicros() - before) / (keys / samples))])
  }
}
console.log(toMarkdown(['keys', 'heap MiB', 'RSS MiB', 'lists fetched', 'CPU µs per call'], rows))
await server.stop()
dust.closeAllConnections()
dust.close()

async function useKeys ({ address }: TalkingServer, from: number, to: number): Promise<void> {
  let next = from
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < to) {
      const headers = { 'x-dust-api-key': `sk-${String(next++).padStart(32, '0')}`, 'x-dust-workspace-id': 'bench' }
      const text = await (await postStateless(address, 'tools/call', { name: 'dust_get_agent', arguments: { agent: 'dust' } }, { headers })).text()
      if (text.includes('isError') || !text.includes('structuredContent')) throw new Error(text)
    }
  }))
}

async function measure (server: TalkingServer, name: string): Promise<Array<string | number>> {
  const [{ heapBytes }, { rssBytes }] = [await server.memory(), server.usage()]
  return [name, (heapBytes / 2 ** 20).toFixed(1), (rssBytes / 2 ** 20).toFixed(1), asked]
}

/** A list as Dust would send it. */
async function agentsOf (count: number): Promise<string> {
  const emulator = createEmulator({ agents: count })
  const { apiKey, workspaceId } = emulator.emulator.settings
  const { body } = await emulator.inject({ url: `/api/v1/w/${workspaceId}/assistant/agent_configurations`, headers: { authorization: `Bearer ${apiKey}` } })
  await emulator.close()
  return body
}
