import t, { type Test } from 'tap'
import { createNames } from '../../deploy/source/names.ts'
import { createRules } from '../../deploy/source/rules.ts'
import { environmentSchema } from '../../src/config/environment.ts'
import { readEnvironment } from '../../src/emulator/environment.ts'
import { filesBelow, inlineCodeOf, PAGES, readFile } from '../fixtures/markdown.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { connect, startEmulator, startService } from '../helper.ts'

const names = createNames()
const { recording, alerts } = createRules(names)
/** All that is installed somewhere, and all that is read by people. */
const FILES = [...filesBelow('deploy').filter((file) => !file.endsWith('.ts')), ...PAGES, '.env.example']
const OPERATORS_PAGES = ['README.md', 'docs/metrics.md', 'docs/monitoring.md', 'docs/runbooks.md', 'docs/scaling.md']

/** What a query selects by a label (`$J` is how the runbooks write one), names that begin as ours and Node's do, and recorded series. */
const SERIES = /[a-zA-Z_:][\w:]*(?=\{(?:\$J|\w+[=!]))|\b(?:mcp_dust_server|mcp_server|process|nodejs)_\w+|\b[a-z]+:[a-z]\w*:\w+/g
const SNAKE_CASE = /(?<![\w./-])[a-z][a-z0-9]*(?:_[a-z0-9]+)+(?![\w(])/g
const UPPER_CASE = /(?<!\w)[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?!\w)/g
const PASCAL_CASE = /(?<!\w)(?:[A-Z]+[a-z]+){2,}(?!\w)/g

/** The words of this shape in a text that nobody knows. */
function unknown (text: string, shape: RegExp, known: Set<string>): string[] {
  return [...new Set(text.match(shape) ?? [])].filter((word) => !known.has(word))
}

/** Every name that can stand in a query: of a server that has worked and failed, of our rules, of Prometheus. */
async function queryNames (t: Test): Promise<{ series: string[], labels: string[] }> {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  for (const agent of ['dust', 'unlucky']) await client.callTool({ name: 'dust_ask_agent', arguments: { agent, message: 'Are you there?' } })
  const page = await readMetrics(address)
  const exposed = [...page.types].flatMap(([name, type]) => type === 'histogram' ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`] : [name])
  return {
    series: ['up', 'ALERTS', ...recording.flatMap((group) => group.rules.map(({ record }) => record)), ...exposed],
    labels: page.series.flatMap((series) => [...series.matchAll(/(\w+)="([^"]*)"/g)].flatMap(([, label = '', value = '']) => [label, value]))
  }
}

t.test('each series that a file or a page asks for is one of the running server, of the rules or of Prometheus', async (t) => {
  const { series } = await queryNames(t)
  const groups = [...recording, ...alerts].map(({ name }) => name)
  const known = new Set([...series, ...groups])
  for (const file of FILES) t.same(unknown(readFile(file), SERIES, known), [], file)
  t.ok(FILES.flatMap((file) => readFile(file).match(SERIES) ?? []).length > 500, 'there is something to look at')
})

t.test('nothing is recorded for nobody', async (t) => {
  const readers = FILES.filter((file) => file.endsWith('.alerts.yml') || file.endsWith('.json')).map(readFile).join('\n')
  const recorded = recording.flatMap((group) => group.rules.map(({ record }) => record))
  t.same(recorded.filter((name) => !readers.includes(name)), [])
})

t.test('each name of a metric or a label in the lines of a page is one of the running server, also without the prefix', async (t) => {
  const { series, labels } = await queryNames(t)
  const bare = series.map((name) => name.replace(`${names.prefix}_`, ''))
  // A type of error that takes a session to end in the middle of a call, why a token of an authorization server is refused, and a key of Prometheus' configuration.
  const rare = ['session_ended', 'not_yet_valid', 'wrong_issuer', 'wrong_audience', 'insufficient_scope', 'credentials_file', 'always_on', 'always_off', 'parentbased_always_on']
  const known = new Set([...series, ...bare, ...labels, names.prefix, ...rare])
  for (const page of OPERATORS_PAGES) t.same(unknown(inlineCodeOf(readFile(page)).join('\n'), SNAKE_CASE, known), [], page)
})

t.test('each variable that a file or a page names is one of the server, of the emulator, or of another program', async (t) => {
  const emulated = [...readFile('docs/emulator.md').matchAll(/^\| `(EMULATOR_\w+)` \|/gm)].map(([, name = '']) => name)
  for (const name of emulated) t.match(readEnvironment({ [name]: 'no such value' }), { faults: [new RegExp(`^${name} is`)] }, `the emulator reads ${name}`)
  // Node's own, and what clients and their users may call theirs.
  const clientsWords = ['NODE_EXTRA_CA_CERTS', 'DUST_MCP_TOKEN', 'MCP_URL', 'MCP_TOKEN']
  const othersWords = ['ELASTICSEARCH_API_KEY', 'STRICT_DNS', 'LEAST_REQUEST', ...clientsWords, 'OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_COMPRESSION', 'OTEL_EXPORTER_OTLP_CERTIFICATE']
  const known = new Set([...Object.keys(environmentSchema.properties), ...emulated, ...othersWords])
  for (const file of FILES) t.same(unknown(readFile(file), UPPER_CASE, known).filter((name) => !name.startsWith('GF_')), [], file)
})

t.test('the default that a page gives beside a variable, as in `VARIABLE` (30 s), is its default', async (t) => {
  const properties: Record<string, { default?: unknown }> = environmentSchema.properties
  const given = PAGES.flatMap((page) => [...readFile(page).matchAll(/`([A-Z]+(?:_[A-Z]+)+)` \((\d[^),]*)\)/g)].map(([, name = '', value = '']) => ({ page, name, value })))
  t.ok(given.length > 2)
  for (const { page, name, value } of given) t.equal(value.replace(' ', ''), String(properties[name]?.default), `${page}: ${name}`)
})

t.test('each alert that is named outside of its rule exists', async (t) => {
  const known = new Set(alerts.flatMap((group) => group.rules.map(({ alert }) => alert)))
  const matched = FILES.flatMap((file) => [...readFile(file).matchAll(/alertname=~?\\?"([\w|]+)/g)].flatMap(([, words = '']) => words.split('|')))
  t.ok(matched.length > 5)
  t.same(matched.filter((alert) => !known.has(alert)), [])
  for (const page of OPERATORS_PAGES) t.same(unknown(inlineCodeOf(readFile(page)).join('\n'), PASCAL_CASE, known), [], page)
})
