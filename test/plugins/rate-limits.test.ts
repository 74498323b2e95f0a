import t from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { startRedis } from '../fixtures/redis.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { addTestTools } from '../fixtures/tools.ts'
import { answerOf, initialize, JSON_HEADERS, openSession, post, startServiceAlone, toolCall, until } from '../helper.ts'

const ADA = 'the-token-of-ada-is-long'
const BOB = 'the-token-of-bob-is-long'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })
const withTokens = { AUTH_MODE: 'token', AUTH_TOKENS: `ada:${ADA},bob:${BOB}` }
const proxied = (client: string) => ({ 'x-forwarded-for': client })
const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }

const refusals = async (address: string, reason: string): Promise<number> => (await readMetrics(address)).value('mcp_dust_server_requests_refused_total', { reason })

t.test('a caller who asks too often is told when to come again; nobody else is', async (t) => {
  const { address } = await startServiceAlone(t, { ...withTokens, RATE_LIMIT_MAX: '5' })
  for (let n = 0; n < 5; n++) t.equal((await postStateless(address, 'tools/list', {}, { headers: bearer(ADA) })).status, 200)
  const refused = await postStateless(address, 'tools/list', {}, { headers: bearer(ADA) })
  t.equal(refused.status, 429)
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.match(await refused.json(), { jsonrpc: '2.0', id: null, error: { code: -32000, message: /Too many requests; try again in \d+ s/ } })
  t.equal((await fetch(`${address}/mcp`, { headers: { ...JSON_HEADERS, ...bearer(ADA) } })).status, 429, 'streams, too')
  t.equal((await postStateless(address, 'tools/list', {}, { headers: bearer(BOB) })).status, 200)
  t.equal(await refusals(address, 'rate_limit'), 2)
  for (const path of ['/livez', '/ready', '/health', '/metrics']) t.equal((await fetch(address + path)).status, 200, path)
})

t.test('a caller who is called as everybody is without names is a caller like any other', async (t) => {
  const { address } = await startServiceAlone(t, { AUTH_MODE: 'token', AUTH_TOKENS: `anonymous:${ADA}`, RATE_LIMIT_MAX: '2', TRUST_PROXY: 'loopback' })
  const status = async (client: string): Promise<number> => (await postStateless(address, 'tools/list', {}, { headers: { ...bearer(ADA), ...proxied(client) } })).status
  t.same([await status('192.0.2.1'), await status('192.0.2.2'), await status('192.0.2.3')], [200, 200, 429], 'from wherever')
})

t.test('what ends work is never refused', async (t) => {
  const { address } = await startServiceAlone(t, { RATE_LIMIT_MAX: '4' }, (service) => service.after(() => { addTestTools(service) }))
  const session = await openSession(address)
  const running = post(address, toolCall('slow', 'wait'), session)
  for (let n = 0; n < 3; n++) await post(address, ping, session)
  t.equal((await post(address, ping, session)).status, 429)
  t.equal((await post(address, { jsonrpc: '2.0', method: 'notifications/initialized' }, session)).status, 429)
  t.equal((await post(address, [{ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'slow' } }, ping], session)).status, 429, 'but not with something else')
  t.equal((await post(address, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'slow' } }, session)).status, 202)
  t.equal((await post(address, { jsonrpc: '2.0', id: 9, result: {} }, session)).status, 202, 'an answer')
  t.equal((await running).status, 200)
  t.equal((await fetch(`${address}/mcp`, { method: 'DELETE', headers: session })).status, 200)
})

t.test('each message of a batch counts', async (t) => {
  const { address } = await startServiceAlone(t, { RATE_LIMIT_MAX: '10' })
  const session = await openSession(address)
  const batch = (length: number) => Array.from({ length }, (_, id) => ({ ...ping, id }))
  t.equal((await post(address, batch(9), session)).status, 429)
  const other = await startServiceAlone(t, { RATE_LIMIT_MAX: '10' })
  t.equal((await post(other.address, batch(8), await openSession(other.address))).status, 200)
})

t.test('without names addresses count, of IPv6 a whole network, as proxies tell them', async (t) => {
  const { address } = await startServiceAlone(t, { RATE_LIMIT_MAX: '2', TRUST_PROXY: 'loopback' })
  const status = async (client: string): Promise<number> => (await postStateless(address, 'tools/list', {}, { headers: proxied(client) })).status
  t.same([await status('192.0.2.1'), await status('192.0.2.1'), await status('192.0.2.1'), await status('192.0.2.2')], [200, 200, 429, 200])
  t.same([await status('2001:db8::1'), await status('2001:db8::ffff'), await status('2001:db8:0:0:9::1'), await status('2001:db8:0:1::1')], [200, 200, 429, 200])
  t.same([await status('198.51.100.1, 192.0.2.3'), await status('198.51.100.2, 192.0.2.3'), await status('198.51.100.3, 192.0.2.3')], [200, 200, 429], 'what a client claims counts for nothing')
})

t.test('nobody looks at credentials from an address that has brought too many wrong ones', async (t) => {
  const { address, logLines } = await startServiceAlone(t, { ...withTokens, TRUST_PROXY: '1', RATE_LIMIT_WRONG_CREDENTIALS: '3', METRICS_TOKEN: 'scraper' })
  const status = async (client: string, token?: string): Promise<number> => (await post(address, initialize, { ...proxied(client), ...(token === undefined ? {} : bearer(token)) })).status
  for (let n = 0; n < 3; n++) t.equal(await status('192.0.2.1', `a-wrong-token-of-some-length-${n}`), 401)
  const refused = await post(address, initialize, { ...proxied('192.0.2.1'), ...bearer(ADA) })
  t.equal(refused.status, 429, 'a right one neither')
  t.ok(Number(refused.headers.get('retry-after')) > 0)
  t.match(await refused.json(), { jsonrpc: '2.0', error: { code: -32000, message: /wrong credentials/ } })
  t.equal(await status('192.0.2.1'), 401, 'who brings none learns how to bring one')
  t.equal(await status('192.0.2.2', ADA), 200)
  t.equal((await fetch(`${address}/metrics`, { headers: { ...proxied('192.0.2.1'), ...bearer('scraper') } })).status, 429)
  for (let n = 0; n < 3; n++) t.equal((await fetch(`${address}/metrics`, { headers: { ...proxied('192.0.2.3'), ...bearer('wrong') } })).status, 401)
  t.equal(await status('192.0.2.3', ADA), 429)
  t.equal(logLines.filter((line) => line.includes('too many wrong credentials came from an address')).length, 2)
})

t.test('whoever guesses from behind a proxy that is not trusted shuts nobody else out', async (t) => {
  const { address } = await startServiceAlone(t, { ...withTokens, RATE_LIMIT_WRONG_CREDENTIALS: '3' })
  const status = async (headers: Record<string, string>): Promise<number> => (await post(address, initialize, headers)).status
  for (let n = 0; n < 5; n++) t.equal(await status({ ...proxied('192.0.2.1'), ...bearer('a-wrong-token-of-some-length') }), 401)
  t.equal(await status({ ...proxied('192.0.2.2'), ...bearer(ADA) }), 200)
  t.equal(await status(bearer(ADA)), 200)
})

t.test('replicas count together; without their Redis nobody is refused', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const settings = { ...withTokens, RATE_LIMIT_MAX: '4', STORE_URL: redis.url }
  const replicas = [await startServiceAlone(t, settings), await startServiceAlone(t, settings)]
  const [one, other] = replicas.map(({ address }) => address)
  const status = async (address = ''): Promise<number> => (await postStateless(address, 'tools/list', {}, { headers: bearer(ADA) })).status
  t.same([await status(one), await status(other), await status(one), await status(other)], [200, 200, 200, 200])
  t.same([await status(one), await status(other)], [429, 429])
  t.same(await redis.command('KEYS', 'mcp:limit:*'), ['mcp:limit:caller ada'])
  await redis.stop()
  for (let n = 0; n < 6; n++) t.equal(await status(one), 200)
  t.ok((await readMetrics(one ?? '')).value('mcp_dust_server_rate_limit_errors_total') >= 6)
  t.equal(replicas[0]?.logLines.filter((line) => line.includes('requests can\'t be counted')).length, 1, 'once for an outage')
  await redis.start()
  await until(async () => await status(one) === 429)
})

t.test('an app around the service that limits, too, changes nothing of it', async (t) => {
  const { default: rateLimit } = await import('@fastify/rate-limit')
  const { default: Fastify } = await import('fastify')
  const { app } = await import('../../src/app.ts')
  const { loadConfig } = await import('../../src/config.ts')
  const around = Fastify()
  t.teardown(() => around.close())
  await around.register(rateLimit, { global: false, max: 1, keyGenerator: () => 'everybody' })
  await around.register(app, { config: loadConfig({ DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', DUST_BASE_URL: 'http://127.0.0.1:9', STORE_URL: 'sqlite::memory:', RATE_LIMIT_MAX: '3' }) })
  const address = await around.listen({ port: 0, host: '127.0.0.1' })
  const statuses = []
  for (let n = 0; n < 4; n++) {
    const response = await post(address, initialize)
    statuses.push(response.status)
    await answerOf(response)
  }
  t.same(statuses, [200, 200, 200, 429])
})
