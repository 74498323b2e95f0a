import t, { type Test } from 'tap'
import { HealthChecks } from '../../src/health.ts'
import { until } from '../helper.ts'

function healthChecks (t: Test, options: { intervalMs?: number, timeoutMs?: number } = {}): HealthChecks {
  const checks = new HealthChecks({ version: '1.2.3', intervalMs: 60_000, ...options })
  t.teardown(() => checks.stop())
  return checks
}

t.test('is ok when every check passes', async (t) => {
  const checks = healthChecks(t)
  checks.add('database', () => {}, { required: true })
  await checks.start()
  const report = checks.report()
  t.match(report, { status: 'ok', version: '1.2.3', checks: { database: { status: 'ok' } } })
  t.match(report.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
})

t.test('is degraded with a reason when an optional check fails', async (t) => {
  const checks = healthChecks(t)
  checks.add('database', () => {}, { required: true })
  checks.add('dustApi', async () => { throw new Error('check DUST_API_KEY') })
  await checks.start()
  await until(() => checks.report().checks['dustApi']?.status !== 'unknown')
  t.match(checks.report(), { status: 'degraded', checks: { dustApi: { status: 'error', reason: 'check DUST_API_KEY' }, database: { status: 'ok' } } })
})

t.test('is an error when a required check fails', async (t) => {
  const checks = healthChecks(t)
  checks.add('database', () => { throw new Error('disk full') }, { required: true })
  await checks.start()
  t.match(checks.report(), { status: 'error', checks: { database: { status: 'error', reason: 'disk full' } } })
})

t.test('does not wait for an optional check to start, and says that it is unknown', async (t) => {
  const checks = healthChecks(t)
  checks.add('dustApi', (signal) => new Promise((resolve, reject) => { signal.addEventListener('abort', reject) }))
  await checks.start()
  t.match(checks.report(), { status: 'degraded', checks: { dustApi: { status: 'unknown' } } })
})

t.test('gives a check that never answers up', async (t) => {
  const checks = healthChecks(t, { timeoutMs: 20 })
  checks.add('database', () => new Promise(() => {}), { required: true })
  await checks.start()
  t.match(checks.report().checks['database'], { status: 'error', reason: 'No answer within 20 ms.' })
})

t.test('checks again and again, and recovers', async (t) => {
  const checks = healthChecks(t, { intervalMs: 1 })
  let runs = 0
  checks.add('dustApi', () => { if (++runs < 3) throw new Error('not yet') })
  await checks.start()
  await until(() => checks.report().status === 'ok')
  t.ok(runs >= 3)
})

t.test('reports without running any check', async (t) => {
  const checks = healthChecks(t)
  let runs = 0
  checks.add('dustApi', () => { runs++ }, { required: true })
  await checks.start()
  for (let i = 0; i < 100; i++) checks.report()
  t.equal(runs, 1)
})

t.test('refuses two checks of one name', async (t) => {
  const checks = healthChecks(t)
  checks.add('a', () => {})
  t.throws(() => { checks.add('a', () => {}) }, /registered already/)
})
