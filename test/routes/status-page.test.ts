import t from 'tap'
import { addTestTools } from '../fixtures/tools.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { watchStatus } from '../fixtures/status-stream.ts'
import { openSession, post, startEmulator, startService, startServiceAlone, toolCall, until } from '../helper.ts'

const P = 'mcp_dust_server_'
const TOKEN = 'only-operators-know-this-word'
/** A tool of an agent takes longer than there is between two snapshots. */
const SLOW = 2

async function statusOf (address: string, path: string, headers: Record<string, string> = {}): Promise<number> {
  const { status, body } = await fetch(address + path, { headers })
  await body?.cancel()
  return status
}

t.test('is there on loopback unless it is turned off, elsewhere only when it is turned on, and never without metrics', async (t) => {
  const everywhere = { HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true' }
  const cases: Array<[environment: Record<string, string>, status: number]> = [
    [{}, 200], [{ STATUS_PAGE: 'off' }, 404], [{ ENABLE_METRICS: 'false' }, 404], [everywhere, 404], [{ ...everywhere, STATUS_PAGE: 'on' }, 200]
  ]
  for (const [environment, status] of cases) {
    const { address } = await startServiceAlone(t, environment)
    for (const path of ['/', '/status/page.js', '/status/events']) t.equal(await statusOf(address, path), status, `${JSON.stringify(environment)} ${path}`)
  }
})

t.test('the page is made of files of the server alone, and its policy lets it load no others', async (t) => {
  const { address } = await startServiceAlone(t)
  const page = await fetch(address)
  t.match(page.headers.get('content-type'), /^text\/html/)
  const policy = page.headers.get('content-security-policy') ?? ''
  t.match(policy, /default-src 'none'.*script-src 'self'; style-src 'self'/)
  t.notMatch(policy, /unsafe|http|\*/)
  const html = await page.text()
  t.notMatch(html, /<script>|<style|style=|\son\w+=/, 'nothing is inline')
  const files = [...html.matchAll(/(?:src|href)="(status\/[^"]+)"/g)].map(([, file = '']) => file)
  t.ok(files.length >= 5)
  const modules = [...(await (await fetch(`${address}/status/page.js`)).text()).matchAll(/from '\.\/([^']+)'/g)].map(([, file = '']) => `status/${file}`)
  for (const file of [...files, ...modules]) {
    const response = await fetch(new URL(file, `${address}/`))
    t.equal(response.status, 200, file)
    t.equal(response.headers.get('x-content-type-options'), 'nosniff')
    await response.arrayBuffer()
    const etag = response.headers.get('etag') ?? ''
    t.equal(await statusOf(address, `/${file}`, { 'if-none-match': etag }), 304)
  }
  for (const file of ['index.ts', '..%2fpackage.json', 'tsconfig.json', '__proto__']) t.equal(await statusOf(address, `/status/${file}`), 404, file)
})

t.test('a stranger gets nothing of it', async (t) => {
  const { address } = await startServiceAlone(t)
  for (const path of ['/', '/status/events']) t.equal(await statusOf(address, path, { origin: 'https://evil.example' }), 403)
})

t.test('with METRICS_TOKEN everybody gets the page, and who brings it what there is to see', async (t) => {
  const { address } = await startServiceAlone(t, { METRICS_TOKEN: TOKEN, RATE_LIMIT_WRONG_CREDENTIALS: '3' })
  const html = await (await fetch(address)).text()
  t.notMatch(html, /127\.0\.0\.1|\d+\.\d+\.\d+/, 'which has no address and no version')
  t.equal(await statusOf(address, '/status/events'), 401)
  const { greeting, snapshots } = await watchStatus(t, address, { authorization: `Bearer ${TOKEN}` })
  t.match(greeting, { version: /^\d+\.\d+\.\d+$/, connect: { authMode: 'none', url: null, needsDustKey: false } })
  t.match(snapshots[0]?.health.checks, [{ name: 'dustApi' }, { name: 'database' }])
  for (let tries = 0; tries < 3; tries++) t.equal(await statusOf(address, '/status/events', { authorization: 'Bearer wrong' }), 401)
  t.equal(await statusOf(address, '/status/events', { authorization: `Bearer ${TOKEN}` }), 429, 'and nobody can guess')
})

t.test('why a check fails is told to whom /health tells it', async (t) => {
  const reasonsFor = async (environment: Record<string, string>, headers: Record<string, string>): Promise<unknown> => {
    const { address } = await startServiceAlone(t, environment)
    const stream = await watchStatus(t, address, headers)
    const { health } = await stream.find(({ health }) => health.checks.some(({ name, status }) => name === 'dustApi' && status === 'error'))
    return health.checks.find(({ name }) => name === 'dustApi')?.reason
  }
  const proxied = { 'x-forwarded-for': '10.0.0.1' }
  t.match(await Promise.all([
    reasonsFor({}, {}),
    reasonsFor({ METRICS_TOKEN: TOKEN }, { authorization: `Bearer ${TOKEN}`, ...proxied }),
    reasonsFor({}, proxied),
    reasonsFor({ HEALTH_DETAILS: 'never' }, {})
  ]), [/DUST_BASE_URL/, /DUST_BASE_URL/, undefined, undefined])
})

t.test('what it tells are the numbers of /metrics', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment, (service) => { addTestTools(service) })
  const session = await openSession(address)
  const calls = [toolCall(1, 'echo', { text: 'x' }), toolCall(2, 'refuse'), toolCall(3, 'crash'), toolCall(4, 'dust_ask_agent', { agent: 'dust', message: 'Hello?' }), toolCall(5, 'dust_get_agent', { agent: 'nobody' })]
  for (const call of calls) await (await post(address, call, session)).text()
  const stream = await watchStatus(t, address)
  const { operations, sessions, dust, errors, watchers } = await stream.find(({ operations }) => operations.total >= calls.length)
  const metrics = await readMetrics(address)
  const sum = (name: string): number => Object.values(metrics.nonZero(name)).reduce((total, value) => total + value, 0)
  t.equal(operations.total, sum('mcp_server_operation_duration_seconds_count'))
  t.equal(operations.failed, 3)
  t.equal(sessions.active, metrics.value(`${P}active_sessions`))
  t.equal(watchers, metrics.value(`${P}sse_streams_open`, { kind: 'status' }))
  t.equal(dust.requests, sum(`${P}dust_api_requests_total`))
  t.equal(dust.failed, sum(`${P}dust_api_errors_total`))
  t.match(errors, [
    { source: 'mcp', name: 'dust_get_agent', code: 'tool_error' },
    { source: 'dust', name: 'get_agent', code: 'not_found' },
    { source: 'mcp', name: 'crash', code: '-32603', count: 1 },
    { source: 'mcp', name: 'refuse', code: 'tool_error', count: 1 }
  ], 'the last one first')
})

t.test('it follows agents at work, and says nothing of what is said', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: SLOW })
  const { address } = await startService(t, environment)
  const session = await openSession(address)
  const stream = await watchStatus(t, address)
  const call = post(address, toolCall(1, 'dust_ask_agent', { agent: 'researcher', message: 'zebra crossing' }, 'p'), session)
  const { runs } = await stream.find(({ runs }) => runs.list.some(({ tool }) => tool !== null))
  t.equal(runs.inProgress, 1)
  t.match(runs.list, [{ agent: 'Researcher', since: Number, activity: 'using a tool', tool: /^(semantic_search|websearch)$/ }])
  emulator.emulator.pace.factor = 0
  const answer = await (await call).text()
  t.match(answer, /zebra crossing/)
  const end = stream.snapshots.length
  await until(() => stream.snapshots.slice(end).some(({ runs }) => runs.listed === 0))
  t.notMatch(stream.text, /zebra/)
  for (const { message } of emulator.emulator.workspace.runs.values()) t.notOk(stream.text.includes(message.content?.slice(0, 30) ?? 'x'))
})

t.test('agents of callers with their own Dust key are not named', async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: SLOW })
  const { DUST_BASE_URL = '', DUST_API_KEY = '', DUST_WORKSPACE_ID = '' } = environment
  const { address } = await startService(t, { DUST_BASE_URL, DUST_KEY_PASSTHROUGH: 'true' })
  const stream = await watchStatus(t, address)
  t.equal(stream.greeting.connect.needsDustKey, true)
  const headers = { 'x-dust-api-key': DUST_API_KEY, 'x-dust-workspace-id': DUST_WORKSPACE_ID }
  const session = await openSession(address, {}, headers)
  const call = post(address, toolCall(1, 'dust_ask_agent', { agent: 'researcher', message: 'Hello?' }), { ...session, ...headers })
  const { runs } = await stream.find(({ runs }) => runs.list.some(({ activity }) => activity === 'using a tool'))
  t.match(runs.list, [{ agent: null, tool: null }])
  emulator.emulator.pace.factor = 0
  await (await call).text()
  t.notMatch(stream.text, /Researcher|semantic_search/)
  t.equal(emulator.emulator.workspace.runs.size, 1)
})

t.test('who comes later gets how it was before', async (t) => {
  const { address } = await startServiceAlone(t)
  const first = await watchStatus(t, address)
  await first.find(({ point }) => point[0] > (first.greeting.history.at(-1)?.[0] ?? 0))
  const { greeting } = await watchStatus(t, address)
  t.ok(greeting.history.length > first.greeting.history.length)
})

t.test('watchers don\'t keep the server from stopping, and none comes any more', async (t) => {
  const { service, address } = await startServiceAlone(t, { DRAIN_TIMEOUT: '10m' })
  const stream = await watchStatus(t, address)
  await service.drain()
  await until(() => stream.isEnded)
  t.equal(await statusOf(address, '/status/events'), 503)
  t.equal(await statusOf(address, '/'), 200)
})
