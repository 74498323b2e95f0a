import t from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { startRedis } from '../fixtures/redis.ts'
import { openSession, startServiceAlone, until } from '../helper.ts'

t.test('is measured, by the kind that its address names', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  for (const [url, kind] of [['sqlite::memory:', 'sqlite'], [redis.url, 'redis']] as const) {
    const { address } = await startServiceAlone(t, { STORE_URL: url })
    await openSession(address)
    const page = await readMetrics(address)
    t.equal(page.value('mcp_dust_server_config_info', { session_store: kind, auth_mode: 'none' }), 1)
    t.ok(page.value('mcp_dust_server_store_operation_duration_seconds_count', { operation: 'create', outcome: 'success' }) >= 1)
  }
})

t.test('is missed while it is away, and used again when it is back', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { address } = await startServiceAlone(t, { STORE_URL: redis.url, HEALTH_CHECK_INTERVAL: '50ms' })
  const statusOf = async (path: string): Promise<number> => {
    const response = await fetch(address + path)
    await response.body?.cancel()
    return response.status
  }
  await until(async () => await statusOf('/ready') === 200)
  await redis.stop()
  await until(async () => await statusOf('/ready') === 503)
  t.match(await (await fetch(`${address}/health`)).json(), { status: 'error', checks: { database: { status: 'error', reason: /Redis can't be reached/ } } })
  t.equal(await statusOf('/livez'), 200)
  await redis.start()
  await until(async () => await statusOf('/ready') === 200)
  await openSession(address)
})

t.test('keeps as much of all streams as EVENT_LOG_LIMIT says', async (t) => {
  const { service } = await startServiceAlone(t, { EVENT_LOG_LIMIT: '1k' })
  const key = { session: 'session', stream: 'one' }
  const { events } = service.store
  await events.open(key, 'replica', null)
  await events.append(key, 'replica', { seq: 1, data: 'x'.repeat(1024) }, true)
  await events.forgetExpired()
  t.not(await events.record(key), undefined)
  await events.open({ ...key, stream: 'two' }, 'replica', null)
  await events.append({ ...key, stream: 'two' }, 'replica', { seq: 1, data: 'x' }, true)
  await events.forgetExpired()
  t.equal(await events.record(key), undefined)
})
