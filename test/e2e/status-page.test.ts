import { AxeBuilder } from '@axe-core/playwright'
import type { BrowserContextOptions, Page } from 'playwright-core'
import t, { type Test } from 'tap'
import { latency } from '../../status-page/format.js'
import { startBrowser } from '../fixtures/browser.ts'
import { freePort } from '../fixtures/free-port.ts'
import { readMetrics, type MetricsPage } from '../fixtures/metrics.ts'
import { openSession, post, startEmulator, startServiceAlone, toolCall, until } from '../helper.ts'
import { startServerProcess } from './server-process.ts'

const P = 'mcp_dust_server_'
const OPERATIONS = 'mcp_server_operation_duration_seconds'
const RUNS = 50
const TOKEN = 'only-operators-know-this-word'

const browser = await startBrowser(t)

/** A page, and what the browser complains about meanwhile. */
async function open (t: Test, address: string, options: BrowserContextOptions = {}): Promise<{ page: Page, complaints: string[] }> {
  const context = await browser?.newContext(options)
  if (context === undefined) throw new Error('There is no browser')
  t.teardown(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => { complaints.push(message.text()) })
  page.on('pageerror', (error) => { complaints.push(String(error)) })
  await page.goto(address)
  return { page, complaints }
}

/** What axe finds fault with, and where. */
async function faultsOf (page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${String(target)}`))
}

async function numberAt (page: Page, id: string): Promise<number> {
  return Number((await page.locator(`#${id}`).innerText()).replaceAll(',', ''))
}

async function numbersOn (page: Page): Promise<Record<string, number>> {
  const ids = ['runs', 'sessions', 'streams', 'operations', 'operations-failed', 'operations-in-flight', 'dust-requests', 'dust-failed', 'dust-retries']
  return Object.fromEntries(await Promise.all(ids.map(async (id) => [id, await numberAt(page, id)])))
}

/** The same from what Prometheus gets. */
function numbersIn (metrics: MetricsPage): Record<string, number> {
  const sum = (name: string, isWanted: (series: string) => boolean = () => true): number =>
    Object.entries(metrics.nonZero(name)).filter(([series]) => isWanted(series)).reduce((total, [, value]) => total + value, 0)
  return {
    runs: metrics.value(`${P}agent_runs_in_progress`),
    sessions: metrics.value(`${P}active_sessions`),
    streams: sum(`${P}sse_streams_open`, (series) => !series.includes('status')),
    operations: sum(`${OPERATIONS}_count`),
    'operations-failed': sum(`${OPERATIONS}_count`, (series) => /error_type="(?!cancelled|session_ended|shutdown|moved)/.test(series)),
    'operations-in-flight': sum(`${P}mcp_operations_in_flight`),
    'dust-requests': sum(`${P}dust_api_requests_total`),
    'dust-failed': sum(`${P}dust_api_errors_total`, (series) => !series.includes('cancelled')),
    'dust-retries': sum(`${P}dust_api_retries_total`)
  }
}

/** histogram_quantile over the calls of a tool, whatever became of them. */
function quantileIn (metrics: MetricsPage, tool: string, share: number): number {
  const buckets = new Map<number, number>()
  for (const [series, value] of Object.entries(metrics.nonZero(`${OPERATIONS}_bucket`))) {
    const le = /le="([^"]+)"/.exec(series)?.[1]
    if (!series.includes(`gen_ai_tool_name="${tool}"`) || le === undefined) continue
    const bound = le === '+Inf' ? Infinity : Number(le)
    buckets.set(bound, (buckets.get(bound) ?? 0) + value)
  }
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const rank = share * (sorted.at(-1)?.[1] ?? 0)
  const bounds = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600]
  const [upper, reached] = sorted.find(([, count]) => count >= rank) ?? [0, 0]
  const lower = bounds[bounds.indexOf(upper) - 1] ?? 0
  const below = buckets.get(lower) ?? 0
  return lower + (upper - lower) * (rank - below) / (reached - below)
}

t.test('while 50 agents are at work it shows the numbers of /metrics, and comes back when the server does', { skip: browser === null }, async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 20 })
  const settings = { ...environment, STORE_URL: 'sqlite::memory:', PORT: String(await freePort()), HEALTH_CHECK_INTERVAL: '1h', DUST_AGENT_TOOLS: 'false' }
  const server = await startServerProcess(t, settings)
  const { address } = server
  const session = await openSession(address)
  for (let number = 0; number < 20; number++) {
    await (await post(address, toolCall(number, number % 5 === 0 ? 'dust_get_agent' : 'dust_list_agents', number % 5 === 0 ? { agent: 'nobody' } : {}), session)).text()
  }
  const calls = Array.from({ length: RUNS }, async (_, number) => {
    const response = await post(address, toolCall(number, 'dust_ask_agent', { agent: 'essayist', message: 'What is new?' }, `p${number}`), number % 10 === 0 ? await openSession(address) : session)
    return response.text().catch(() => 'cut')
  })

  const { page, complaints } = await open(t, address)
  await page.locator('#run-list tr').nth(RUNS - 1).waitFor()
  t.match(await page.locator('#run-list tr').first().innerText(), /^Essayist\s+(starting|thinking|writing)\s+\d+ s\s+0$/)
  t.equal(await page.locator('#health').innerText(), 'Healthy')
  let [shown, told] = [{}, {}]
  await until(async () => {
    [told, shown] = [numbersIn(await readMetrics(address)), await numbersOn(page)]
    return JSON.stringify(told) === JSON.stringify(shown)
  })
  t.match(shown, { runs: RUNS, sessions: 6, 'operations-failed': 4, 'operations-in-flight': RUNS })
  const metrics = await readMetrics(address)
  for (const tool of ['dust_list_agents', 'dust_get_agent']) {
    const cells = await page.locator('#operation-list tr', { hasText: tool }).locator('td').allInnerTexts()
    t.same(cells, [tool === 'dust_get_agent' ? '4' : '16', tool === 'dust_get_agent' ? '4' : '0', latency(quantileIn(metrics, tool, 0.5)), latency(quantileIn(metrics, tool, 0.95))])
  }
  t.match(await page.locator('#error-list').innerText(), /^dust_get_agent\s+MCP\s+tool_error\s+4/)
  t.match(await page.locator('#chart-runs .unseen').textContent(), /^in progress: now 50, in the last 1 min between 0 and 50\.$/)
  t.equal((await page.locator('.canvas canvas').all()).length, 4)
  t.same(complaints, [], 'the browser has nothing to complain of, such as a breach of the policy')
  t.notMatch((await page.request.get(address)).headers()['content-security-policy'], /unsafe/)

  server.child.kill('SIGKILL')
  await page.getByText('No connection to the server').waitFor()
  emulator.emulator.pace.factor = 0
  await startServerProcess(t, settings)
  await page.getByText('Live', { exact: true }).waitFor()
  await until(async () => await numberAt(page, 'runs') === 0 && await numberAt(page, 'operations') === 0)
  await until(async () => /between 0 and 50/.test(await page.locator('#chart-runs .unseen').textContent() ?? ''))
  t.match(await page.locator('#run-list').innerText(), 'No agent is at work.')
  t.notMatch(complaints.join('\n'), /policy|trusted|uncaught/i)
  await Promise.all(calls)
})

t.test('everybody can use it: in light and dark, on a phone, by keys', { skip: browser === null }, async (t) => {
  const { emulator, environment } = await startEmulator(t, { pace: 20 })
  const { address } = await startServiceAlone(t, environment)
  const session = await openSession(address)
  const call = post(address, toolCall(1, 'dust_ask_agent', { agent: 'essayist', message: 'What is new?' }), session)
  await (await post(address, toolCall(2, 'dust_get_agent', { agent: 'nobody' }), session)).text()
  for (const [name, options] of Object.entries({
    light: { colorScheme: 'light' },
    dark: { colorScheme: 'dark' },
    phone: { colorScheme: 'light', viewport: { width: 360, height: 780 }, hasTouch: true }
  } as const)) {
    const { page, complaints } = await open(t, address, options)
    await page.locator('#run-list th').first().waitFor()
    t.same(await faultsOf(page), [], name)
    t.equal(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), 0, 'nothing sticks out')
    t.same(complaints, [])
  }

  const { page } = await open(t, address, { colorScheme: 'light', permissions: ['clipboard-read', 'clipboard-write'] })
  await page.locator('#run-list th').first().waitFor()
  const background = async (): Promise<string> => page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor')
  const light = await background()
  await page.keyboard.press('Tab')
  t.equal(await page.evaluate('document.activeElement.textContent'), 'To the content')
  await page.keyboard.press('Tab')
  for (const theme of ['light', 'dark']) {
    await page.keyboard.press('Enter')
    t.equal(await page.getByRole('button', { name: 'Theme' }).innerText(), `Theme: ${theme}`)
  }
  t.not(await background(), light)
  await page.reload()
  await page.locator('#run-list th').first().waitFor()
  t.not(await background(), light, 'and it stays')

  await page.getByRole('button', { name: 'Copy for Claude Code' }).press('Enter')
  t.equal(await page.evaluate('navigator.clipboard.readText()'), `claude mcp add --transport http dust ${address}/mcp`)
  const cursor = await page.getByRole('link', { name: 'Add to Cursor' }).getAttribute('href')
  t.same(JSON.parse(atob(new URL(cursor ?? '').searchParams.get('config') ?? '')), { url: `${address}/mcp` })
  const code = await page.getByRole('link', { name: 'Add to VS Code' }).getAttribute('href')
  t.same(JSON.parse(decodeURIComponent(new URL(code ?? '').search.slice(1))), { name: 'dust', type: 'http', url: `${address}/mcp` })
  emulator.emulator.pace.factor = 0
  await (await call).text()
})

t.test('with METRICS_TOKEN it asks for that, and keeps it in the tab alone', { skip: browser === null }, async (t) => {
  const { service, address } = await startServiceAlone(t, { METRICS_TOKEN: TOKEN, AUTH_MODE: 'token', AUTH_TOKENS: 'ada:the-token-of-ada-is-long' })
  const { page } = await open(t, address)
  const field = page.getByLabel('METRICS_TOKEN')
  await field.fill('wrong')
  await field.press('Enter')
  await page.getByText('This token is not the right one.').waitFor()
  t.same(await faultsOf(page), [])
  t.equal(await page.locator('#content').isVisible(), false)
  await field.fill(TOKEN)
  await page.getByRole('button', { name: 'Watch' }).click()
  await page.getByText('Live', { exact: true }).waitFor()
  t.match(await page.locator('#clients').innerText(), /--header "Authorization: Bearer YOUR_TOKEN"/)
  await page.reload()
  await page.getByText('Live', { exact: true }).waitFor()
  t.same(await page.evaluate('[Object.values(sessionStorage), document.cookie]'), [[TOKEN], ''])
  t.notMatch(await page.evaluate<string>('JSON.stringify(localStorage)'), TOKEN)
  t.notMatch(await page.content(), TOKEN)
  await service.close()
  await page.getByText('No connection to the server').waitFor()
  t.same(await faultsOf(page), [], 'also while the server is gone')
})
