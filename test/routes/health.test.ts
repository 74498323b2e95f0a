import t from 'tap'
import { startEmulator, startService, startServiceAlone, until } from '../helper.ts'

/** On a busy machine a test's own load, or its start, would be reason enough to be unready. */
const PATIENT = { PRESSURE_MAX_EVENT_LOOP_DELAY: '0s', PRESSURE_MAX_EVENT_LOOP_UTILIZATION: '0' }
const PROBES = ['/health', '/ready', '/livez']

async function healthOf (address: string) {
  return Object(await (await fetch(`${address}/health`)).json())
}

t.test('/health has exactly the promised shape, more only within a check', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, ...PATIENT })
  await until(async () => (await healthOf(address)).status === 'ok')
  const health = await healthOf(address)
  t.same(Object.keys(health), ['status', 'version', 'timestamp', 'checks'])
  t.same(Object.keys(health.checks), ['dustApi', 'database'])
  for (const check of Object.values(health.checks)) t.same(Object.keys(Object(check)), ['status', 'latencyMs', 'checkedAt'])
  t.match(health, {
    status: 'ok', version: /^\d+\.\d+\.\d+/, timestamp: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/, checks: { dustApi: { status: 'ok', latencyMs: Number }, database: { status: 'ok', checkedAt: /Z$/ } }
  })
})

t.test('probes are never cached, whatever they say', async (t) => {
  const { address, service } = await startServiceAlone(t, PATIENT)
  for (const status of [200, 503]) {
    t.equal((await fetch(`${address}/ready`)).status, status)
    for (const path of PROBES) {
      for (const method of ['GET', 'HEAD']) {
        const response = await fetch(address + path, { method })
        t.equal(response.headers.get('cache-control'), 'no-store', `${method} ${path}`)
        t.match(response.headers.get('content-type'), /^application\/json/)
      }
    }
    service.health.drain()
  }
})

t.test('without Dust: degraded, but alive and ready', async (t) => {
  const { address } = await startServiceAlone(t, PATIENT)
  await until(async () => (await healthOf(address)).checks.dustApi.status === 'error')
  const health = await fetch(`${address}/health`)
  t.equal(health.status, 200)
  t.match(await health.json(), { status: 'degraded', checks: { dustApi: { status: 'error', reason: String }, database: { status: 'ok' } } })
  t.equal((await fetch(`${address}/ready`)).status, 200)
  t.equal((await fetch(`${address}/livez`)).status, 200)
})

t.test('without Dust: not ready if the operator wants it so, until Dust is back', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  emulator.emulator.faults.replace([{ kind: 'invalid_key', times: 'always' }])
  const { address } = await startService(t, { ...environment, ...PATIENT, READY_REQUIRES_DUST: 'true', HEALTH_CHECK_INTERVAL: '10ms' })
  const response = await fetch(`${address}/ready`)
  t.equal(response.status, 503)
  t.match(await response.json(), { status: 'error', reason: /Dust/, timestamp: /Z$/ })
  await until(async () => (await healthOf(address)).checks.dustApi.status === 'error')
  t.equal((await fetch(`${address}/health`)).status, 200, 'a restart would not help')
  t.equal((await fetch(`${address}/livez`)).status, 200)
  emulator.emulator.faults.clear()
  await until(async () => (await fetch(`${address}/ready`)).status === 200)
})

t.test('without its store: an error and not ready, but alive', async (t) => {
  const { address, service } = await startServiceAlone(t, { ...PATIENT, HEALTH_CHECK_INTERVAL: '10ms' })
  await service.store.close()
  await until(async () => (await fetch(`${address}/ready`)).status === 503)
  const health = await fetch(`${address}/health`)
  t.equal(health.status, 503)
  t.match(await health.json(), { status: 'error', checks: { database: { status: 'error', reason: /store/ } } })
  t.equal((await fetch(`${address}/livez`)).status, 200)
})

t.test('is not ready while it starts, nor once it is told to stop', async (t) => {
  const { address, service } = await startServiceAlone(t, PATIENT, (service) => {
    t.equal(service.health.unreadyBecause(), 'starting')
  })
  t.match(await (await fetch(`${address}/ready`)).json(), { status: 'ok', timestamp: /Z$/ })
  service.health.drain()
  const ready = await fetch(`${address}/ready`)
  t.equal(ready.status, 503)
  t.match(await ready.json(), { status: 'error', reason: 'draining' })
  t.equal((await fetch(`${address}/health`)).status, 200)
  t.equal((await fetch(`${address}/livez`)).status, 200)
})

t.test('probes do not reach Dust', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, ...PATIENT })
  await until(async () => (await healthOf(address)).status === 'ok')
  const before = emulator.emulator.requests()
  for (let i = 0; i < 50; i++) await Promise.all(PROBES.map((path) => fetch(address + path)))
  t.same(emulator.emulator.requests(), before)
})

t.test('plugins add checks of their own, before the start and after it', async (t) => {
  const { address, service } = await startServiceAlone(t, PATIENT, (service) => {
    service.health.addCheck('tickets', () => { throw new Error('no tickets') })
  })
  await until(async () => (await healthOf(address)).checks.tickets.status === 'error')
  t.match(await healthOf(address), { status: 'degraded', checks: { tickets: { reason: 'no tickets' } } })
  service.health.addCheck('licence', () => { throw new Error('it has ended') }, { required: true })
  await until(async () => (await healthOf(address)).checks.licence.status === 'error')
  t.match(await (await fetch(`${address}/ready`)).json(), { status: 'error', reason: /required check/ })
  t.match(service.health.results().map(({ name, isOk }) => ({ name, isOk })), [
    { name: 'dustApi', isOk: false }, { name: 'database', isOk: true }, { name: 'tickets', isOk: false }, { name: 'licence', isOk: false }
  ])
})
