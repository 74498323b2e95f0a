import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { applyLoad, type Load } from './load.ts'
import { check, createSessionLoad, createStatelessLoad } from './requests.ts'
import { startServer, type Server } from './server.ts'
import { formatTable, median } from './table.ts'

/**
 * How many calls of a tool both lanes take, beside the SDKs' own transports and a route that does nothing.
 * The rounds go around, so that whatever else the machine does strikes all of them.
 */
const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' }, connections: { type: 'string', default: '50' } }
})
const [rounds, seconds, connections] = [Number(values.rounds), Number(values.seconds), Number(values.connections)]

/** What the lanes cost without what watches them. */
const ALONE = { ENABLE_METRICS: 'false', LOG_LEVEL: 'silent' }
const servers = {
  bare: await startServer('bare.ts'),
  product: await startServer('product.ts'),
  alone: await startServer('product.ts', { environment: ALONE }),
  sdk1: await startServer('sdk-v1.ts', { args: ['Server'] }),
  sdk1Mcp: await startServer('sdk-v1.ts', { args: ['McpServer'] }),
  sdk2: await startServer('sdk-v2.ts')
}
const stateless = createStatelessLoad()
const contestants: Array<{ name: string, server: Server, load: Load }> = [
  { name: 'bare Fastify route', server: servers.bare, load: stateless },
  { name: 'session lane, whole service', server: servers.product, load: await createSessionLoad(servers.product.address, connections) },
  { name: 'session lane, no metrics or logs', server: servers.alone, load: await createSessionLoad(servers.alone.address, connections) },
  { name: 'SDK v1 transport, Server', server: servers.sdk1, load: await createSessionLoad(servers.sdk1.address, connections) },
  { name: 'SDK v1 transport, McpServer', server: servers.sdk1Mcp, load: await createSessionLoad(servers.sdk1Mcp.address, connections) },
  { name: 'stateless lane, whole service', server: servers.product, load: stateless },
  { name: 'stateless lane, no metrics or logs', server: servers.alone, load: stateless },
  { name: 'SDK v2 handler, Server', server: servers.sdk2, load: stateless }
]
const measured = new Map(contestants.map(({ name }) => [name, { perSecond: [] as number[], p50: [] as number[], p99: [] as number[], cpuMicros: [] as number[] }]))
let failed = 0
for (const { server, load } of contestants) await check(server.address, load)

console.log(`${rounds} rounds of ${seconds} s, ${connections} connections and sessions, ${availableParallelism()} CPUs, load before ${loadavg().map((load) => load.toFixed(1)).join(' ')}`)
for (let round = 0; round <= rounds; round++) {
  for (const { name, server, load } of contestants) {
    const before = await server.usage()
    const { requests, micros, p50, p99, failed: lost } = await applyLoad(server.address, load, connections, round === 0 ? 1 : seconds)
    const { cpuMicros } = await server.usage()
    failed += lost
    if (round === 0) continue // until the code is warm
    const results = measured.get(name)
    results?.perSecond.push(requests / micros * 1e6)
    results?.p50.push(p50 / 1000)
    results?.p99.push(p99 / 1000)
    results?.cpuMicros.push((cpuMicros - before.cpuMicros) / requests)
  }
}
await Promise.all(Object.values(servers).map((server) => server.stop()))

const rows = [...measured].map(([name, results]) => ({
  name, perSecond: median(results.perSecond), p50: median(results.p50), p99: median(results.p99), cpuMicros: median(results.cpuMicros)
}))
console.log(formatTable(rows))
console.log(`load after ${loadavg().map((load) => load.toFixed(1)).join(' ')}, ${failed} requests failed`)
process.exitCode = failed === 0 ? 0 : 1
