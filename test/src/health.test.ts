import { mock } from 'node:test'
import t, { type Test } from 'tap'
import { HealthChecks, type HealthChecksOptions } from '../../src/health.ts'
import { until } from '../helper.ts'

function healthChecks (t: Test, options: Partial<HealthChecksOptions> = {}): HealthChecks {
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

t.test('asks each check at its own moment, up to a tenth of the interval early', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  const chances = [0, 0.999]
  mock.method(Math, 'random', () => chances.shift() ?? 0.5)
  t.teardown(() => { mock.restoreAll(); mock.timers.reset() })
  const checks = healthChecks(t, { intervalMs: 1000 })
  const runs = { late: 0, early: 0 }
  checks.add('late', () => { runs.late++ }, { required: true })
  checks.add('early', () => { runs.early++ }, { required: true })
  await checks.start()
  await turn()
  t.same(runs, { late: 1, early: 1 })
  mock.timers.tick(899)
  await turn()
  t.same(runs, { late: 1, early: 1 })
  mock.timers.tick(2)
  await turn()
  t.same(runs, { late: 1, early: 2 })
  mock.timers.tick(99)
  await turn()
  t.same(runs, { late: 2, early: 2 })
})

t.test('never runs a check beside itself, and one that ignores its signal stays failing', async (t) => {
  const checks = healthChecks(t, { intervalMs: 1, timeoutMs: 5 })
  let runs = 0
  let beats = 0
  let release = () => {}
  checks.add('stubborn', () => {
    if (++runs > 1) return
    return new Promise<void>((resolve) => { release = resolve })
  })
  checks.add('pulse', () => { beats++ })
  await checks.start()
  await until(() => beats > 20 && checks.report().checks['stubborn']?.status === 'error')
  t.equal(runs, 1)
  t.equal(checks.report().checks['stubborn']?.reason, 'No answer within 5 ms.')
  release()
  await until(() => checks.report().checks['stubborn']?.status === 'ok')
  t.ok(runs > 1, 'it is asked again when it has ended')
})

t.test('does not believe in a pass that is too old', async (t) => {
  let now = 0
  const checks = healthChecks(t, { intervalMs: 60_000, timeoutMs: 5000, now: () => now })
  checks.add('database', () => {}, { required: true })
  await checks.start()
  now = 185_000
  t.equal(checks.report().status, 'ok')
  now = 185_001
  t.match(checks.report(), { status: 'error', checks: { database: { status: 'error', reason: 'The last check passed 185 s ago; none has ended since.', checkedAt: String } } })
  t.match(checks.results(), [{ isOk: false }])
})

t.test('runs a check that is added later at once', async (t) => {
  const checks = healthChecks(t)
  await checks.start()
  checks.add('tickets', () => { throw new Error('no tickets') })
  await until(() => checks.report().checks['tickets']?.status === 'error')
  t.match(checks.report(), { status: 'degraded', checks: { tickets: { reason: 'no tickets' } } })
})

t.test('gives numbers for metrics', async (t) => {
  let isBroken = false
  let now = 1000
  const checks = healthChecks(t, { intervalMs: 1, now: () => now })
  checks.add('database', () => {
    now += 2.5
    if (isBroken) throw new Error('disk full')
  })
  t.same(checks.results(), [{ name: 'database', isOk: false, durationMs: null, lastSuccessAt: null }])
  const startedAt = Date.now()
  await checks.start()
  await until(() => checks.results()[0]?.isOk === true)
  const [passed] = checks.results()
  t.match(passed, { name: 'database', durationMs: 2.5 })
  t.ok(Number(passed?.lastSuccessAt) >= startedAt && Number(passed?.lastSuccessAt) <= Date.now())
  isBroken = true
  await until(() => checks.results()[0]?.isOk === false)
  t.ok(Number(checks.results()[0]?.lastSuccessAt) >= Number(passed?.lastSuccessAt), 'the last pass is remembered')
})

t.test('stops: what runs is aborted, nothing runs any more, nothing can be added', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const checks = healthChecks(t, { intervalMs: 1000 })
  let reason = ''
  let runs = 0
  checks.add('slow', (signal) => new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => { reason = String(signal.reason); reject(signal.reason) })
  }))
  checks.add('quick', () => { runs++ })
  await checks.start()
  await turn()
  mock.timers.tick(1000)
  await turn()
  t.equal(runs, 2)
  await checks.stop()
  t.match(reason, /closing/)
  mock.timers.tick(10_000)
  await turn()
  t.equal(runs, 2)
  t.throws(() => { checks.add('late', () => {}) }, /closing/)
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

/** Lets everything go on that waits for no timer. */
function turn (): Promise<void> {
  return new Promise((resolve) => { setImmediate(resolve) })
}

t.test('what is not looked at is said, and counts as neither well nor failing', async (t) => {
  const checks = healthChecks(t)
  checks.add('database', () => {}, { required: true })
  checks.leaveOff('dustApi', 'there is no key')
  await checks.start()
  t.match(checks.report(), { status: 'ok', checks: { dustApi: { status: 'off', reason: 'there is no key' }, database: { status: 'ok' } } })
  t.same(checks.results().map(({ name }) => name), ['database'])
})
