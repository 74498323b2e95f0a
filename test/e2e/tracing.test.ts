import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import path from 'node:path'
import t, { type Test } from 'tap'
import { startCollector } from '../fixtures/collector.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { startEmulator } from '../helper.ts'
import { listen } from '../fixtures/listen.ts'
import { startServerProcess } from './server-process.ts'

const HOOK = path.join(import.meta.dirname, '..', 'fixtures', 'loaded-modules.mjs')
const NOWHERE = 'http://127.0.0.1:9'

/** Starts the server, has it ask Dust for something, and stops it. */
async function visit (t: Test, settings: Record<string, string>) {
  const { environment } = await startEmulator(t)
  const server = await startServerProcess(t, { ...environment, STORE_URL: 'sqlite::memory:', DUST_AGENT_TOOLS: 'false', ...settings })
  const answers: number[] = []
  for (let call = 0; call < 20; call++) answers.push((await postStateless(server.address, 'tools/call', { name: 'dust_list_spaces', arguments: {} })).status)
  server.child.kill('SIGTERM')
  const { code } = await server.ended
  return { answers, code, lines: server.stdout.map((line) => Object(JSON.parse(line))) }
}

/** The modules of OpenTelemetry that were asked for, by the packages to which they and who asked belong. */
function openTelemetryIn (file: string): Array<{ url: string, parent: string }> {
  return readFileSync(file, 'utf8').trim().split('\n').map((line) => Object(JSON.parse(line)))
    .filter(({ url }) => String(url).includes('opentelemetry'))
    .map(({ url, parent }) => ({ url: packageOf(String(url)), parent: packageOf(String(parent)) }))
    .filter(({ url, parent }) => url !== parent)
}

function packageOf (url: string): string {
  return /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? 'mcp-dust-server'
}

t.test('without a collector nothing of it is loaded, with one it works', async (t) => {
  const folder = t.testdir()
  const hooked = (name: string) => ({ NODE_OPTIONS: `--import ${HOOK}`, LOADED_MODULES: path.join(folder, name) })
  await visit(t, hooked('off'))
  // The Prometheus client brings OpenTelemetry's interface along, for what it calls exemplars; it does nothing by itself.
  t.same(openTelemetryIn(path.join(folder, 'off')), [{ url: '@opentelemetry/api', parent: '@prometheus-io/client' }])

  const collector = await startCollector(t)
  await visit(t, { ...hooked('on'), ...collector.environment })
  t.ok(openTelemetryIn(path.join(folder, 'on')).some(({ url }) => url === '@opentelemetry/sdk-trace'), 'the test would see it')
  t.equal(collector.spans.filter(({ name }) => name === 'tools/call dust_list_spaces').length, 20, 'all is sent before the process ends')
})

t.test('a collector that isn\'t there costs one line in the log', async (t) => {
  const { answers, code, lines } = await visit(t, { OTEL_EXPORTER_OTLP_ENDPOINT: NOWHERE, OTEL_EXPORTER_OTLP_TIMEOUT: '100' })
  t.same([...new Set(answers)], [200])
  t.equal(code, 0)
  const complaints = lines.filter(({ msg }) => /traces/.test(String(msg)))
  t.match(complaints, [{ level: 'warn', msg: /can't be sent, and are lost/, err: { code: 'ECONNREFUSED' } }])
  t.equal(lines.filter(({ level }) => level === 'error').length, 0)
})

t.test('a collector that doesn\'t answer doesn\'t keep the process from its end', async (t) => {
  const server = createServer(() => {})
  const address = await listen(t, server)
  const { answers, code, lines } = await visit(t, { OTEL_EXPORTER_OTLP_ENDPOINT: address, OTEL_EXPORTER_OTLP_TIMEOUT: '600000' })
  t.same([...new Set(answers)], [200])
  t.equal(code, 0)
  t.equal(lines.at(-1)?.msg, 'stopped')
})
