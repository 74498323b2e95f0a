import t from 'tap'
import { startEmulator, startService, startServiceAlone, until } from '../helper.ts'

t.test('/health has the promised shape', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  await until(async () => Object(await (await fetch(`${address}/health`)).json()).status === 'ok')
  const response = await fetch(`${address}/health`)
  t.equal(response.headers.get('cache-control'), 'no-store')
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.match(await response.json(), {
    status: 'ok', version: /^\d+\.\d+\.\d+/, timestamp: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, checks: { dustApi: { status: 'ok' }, database: { status: 'ok' } }
  })
})

t.test('without Dust: degraded, but alive and ready', async (t) => {
  const { address } = await startServiceAlone(t)
  await until(async () => Object(await (await fetch(`${address}/health`)).json()).checks.dustApi.status === 'error')
  const health = await fetch(`${address}/health`)
  t.equal(health.status, 200)
  t.match(await health.json(), { status: 'degraded', checks: { dustApi: { status: 'error', reason: String }, database: { status: 'ok' } } })
  t.equal((await fetch(`${address}/ready`)).status, 200)
  t.equal((await fetch(`${address}/livez`)).status, 200)
})

t.test('without Dust: not ready if the operator wants it so', async (t) => {
  const { address } = await startServiceAlone(t, { READY_REQUIRES_DUST: 'true' })
  const response = await fetch(`${address}/ready`)
  t.equal(response.status, 503)
  t.match(await response.json(), { status: 'error', reason: /Dust/ })
})

t.test('without its store: an error and not ready, but alive', async (t) => {
  const { address, service } = await startServiceAlone(t, { HEALTH_CHECK_INTERVAL: '10ms' })
  await service.store.close()
  await until(async () => (await fetch(`${address}/ready`)).status === 503)
  const health = await fetch(`${address}/health`)
  t.equal(health.status, 503)
  t.match(await health.json(), { status: 'error', checks: { database: { status: 'error', reason: /store/ } } })
  t.equal((await fetch(`${address}/livez`)).status, 200)
})

t.test('probes do not reach Dust', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  await until(async () => Object(await (await fetch(`${address}/health`)).json()).status === 'ok')
  const before = emulator.emulator.requests()
  for (let i = 0; i < 50; i++) await Promise.all(['/health', '/ready', '/livez'].map((path) => fetch(address + path)))
  t.same(emulator.emulator.requests(), before)
})

t.test('plugins add checks of their own', async (t) => {
  const { address } = await startServiceAlone(t, {}, (service) => {
    service.health.addCheck('tickets', () => { throw new Error('no tickets') })
  })
  await until(async () => Object(await (await fetch(`${address}/health`)).json()).checks.tickets.status === 'error')
  t.match(await (await fetch(`${address}/health`)).json(), { checks: { tickets: { reason: 'no tickets' } } })
})
