import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import t, { type Test } from 'tap'
import type { Fault } from '../../src/emulator/faults/fault.ts'
import { startEmulator, until } from '../helper.ts'
import { startServerProcess } from './server-process.ts'

/** On a busy machine a test's own load, or its start, would be reason enough to be unready. */
const PATIENT = { PRESSURE_MAX_EVENT_LOOP_DELAY: '0s', PRESSURE_MAX_EVENT_LOOP_UTILIZATION: '0' }
const isRoot = process.getuid?.() === 0

/** Runs a command of the administrator, silently; throws when that isn't allowed here. */
function administrate (command: string, ...args: string[]): void {
  const [program, ...words] = isRoot ? [command, ...args] : ['sudo', '-n', command, ...args]
  execFileSync(String(program), words, { stdio: 'pipe' })
}

async function healthOf (address: string) {
  const response = await fetch(`${address}/health`)
  return { status: response.status, body: Object(await response.json()) }
}

async function statusOf (address: string, path: string): Promise<number> {
  return (await fetch(address + path)).status
}

/** A server whose sessions are in a file of that folder, and Dust nowhere. */
async function startWithStore (t: Test, folder: string) {
  const file = path.join(folder, 'sessions.db')
  const { address } = await startServerProcess(t, {
    ...PATIENT, DUST_BASE_URL: 'http://127.0.0.1:9', DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', STORE_URL: `sqlite:${file}`, HEALTH_CHECK_INTERVAL: '100ms'
  })
  await until(async () => await statusOf(address, '/ready') === 200)
  return { address, file }
}

/** The server says that its store is in trouble as long as it is, and no longer. */
async function expectTrouble (t: Test, address: string, reason: RegExp, mend: () => void): Promise<void> {
  await until(async () => await statusOf(address, '/ready') === 503)
  const { status, body } = await healthOf(address)
  t.equal(status, 503)
  t.match(body, { status: 'error', checks: { database: { status: 'error', reason } } })
  t.match(await (await fetch(`${address}/ready`)).json(), { status: 'error', reason: /required check/ })
  t.equal(await statusOf(address, '/livez'), 200)
  mend()
  await until(async () => await statusOf(address, '/ready') === 200)
  t.match(await healthOf(address), { status: 200, body: { checks: { database: { status: 'ok' } } } })
}

t.test('whatever is wrong with Dust: degraded with a reason, alive and ready, and well again by itself', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startServerProcess(t, { ...environment, ...PATIENT, STORE_URL: 'sqlite::memory:', HEALTH_CHECK_INTERVAL: '100ms' })
  const { faults } = emulator.emulator

  async function expectDegraded (reason: RegExp): Promise<void> {
    await until(async () => reason.test(String((await healthOf(address)).body.checks.dustApi.reason)))
    t.match(await healthOf(address), { status: 200, body: { status: 'degraded', checks: { dustApi: { status: 'error', reason }, database: { status: 'ok' } } } })
    t.equal(await statusOf(address, '/livez'), 200)
    t.equal(await statusOf(address, '/ready'), 200)
  }

  const troubles: Array<[Fault, RegExp]> = [
    [{ kind: 'error', status: 500, type: 'internal_server_error', message: 'oh no', times: 'always' }, /500/],
    [{ kind: 'invalid_key', times: 'always' }, /DUST_API_KEY/],
    [{ kind: 'slow', delayMs: 600_000, times: 'always' }, /No answer within 5000 ms/]
  ]
  for (const [fault, reason] of troubles) {
    await until(async () => (await healthOf(address)).body.status === 'ok')
    faults.replace([fault])
    await expectDegraded(reason)
    faults.clear()
  }
  await until(async () => (await healthOf(address)).body.status === 'ok')
  await emulator.close()
  await expectDegraded(/DUST_BASE_URL/)
})

t.test('a thousand probes cost Dust nothing', async (t) => {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startServerProcess(t, { ...environment, ...PATIENT, STORE_URL: 'sqlite::memory:', HEALTH_CHECK_INTERVAL: '1h' })
  await until(async () => (await healthOf(address)).body.status === 'ok')
  const before = emulator.emulator.requests()
  const startedAt = performance.now()
  for (let i = 0; i < 25; i++) {
    const statuses = await Promise.all(Array.from({ length: 40 }, (_, n) => statusOf(address, ['/health', '/ready', '/livez', '/ready'][n % 4] ?? '')))
    t.same(new Set(statuses), new Set([200]))
  }
  t.comment(`1,000 probes in ${Math.round(performance.now() - startedAt)} ms; Dust was asked before and after: ${JSON.stringify([before, emulator.emulator.requests()])}`)
  t.same(emulator.emulator.requests(), before)
})

t.test('store locked by another process', async (t) => {
  const { address, file } = await startWithStore(t, t.testdir())
  const other = new DatabaseSync(file)
  t.teardown(() => { other.close() })
  other.exec('BEGIN EXCLUSIVE')
  await expectTrouble(t, address, /locked/, () => { other.exec('ROLLBACK') })
})

t.test('store moved away', async (t) => {
  const folder = path.join(t.testdir(), 'data')
  mkdirSync(folder)
  const { address } = await startWithStore(t, folder)
  renameSync(folder, `${folder}.moved`)
  await expectTrouble(t, address, /moved, removed or replaced/, () => { renameSync(`${folder}.moved`, folder) })
})

t.test('store made read-only', async (t) => {
  // Not t.testdir(), here and below: it is removed before the teardown has made that possible.
  const folder = mkdtempSync(path.join(tmpdir(), 'read-only-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  const { address, file } = await startWithStore(t, folder)
  // Nothing is read-only to root, except what can't be changed at all.
  const setReadOnly = (isReadOnly: boolean) => isRoot ? administrate('chattr', isReadOnly ? '+i' : '-i', file) : chmodSync(file, isReadOnly ? 0o444 : 0o644)
  if (!isPossible(t, () => { setReadOnly(true) })) return
  t.teardown(() => { setReadOnly(false) })
  await expectTrouble(t, address, /read-only/, () => { setReadOnly(false) })
})

t.test('store on a full disk', async (t) => {
  const disk = mkdtempSync(path.join(tmpdir(), 'disk-'))
  t.teardown(() => { rmdirSync(disk) })
  if (!isPossible(t, () => { administrate('mount', '-t', 'tmpfs', '-o', 'size=1m,mode=1777', 'tmpfs', disk) })) return
  t.teardown(() => { administrate('umount', '--lazy', disk) })
  const { address } = await startWithStore(t, disk)
  const filler = path.join(disk, 'filler')
  t.throws(() => { writeFileSync(filler, Buffer.alloc(2 * 1024 * 1024)) }, { code: 'ENOSPC' })
  await expectTrouble(t, address, /full/, () => { rmSync(filler) })
})

/** Does what an administrator may do. Where that isn't allowed the test is skipped with the reason, except in CI, where none may be left out. */
function isPossible (t: Test, action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    if (process.env['CI'] === 'true') throw error
    t.pass('needs an administrator', { skip: `this machine does not allow it: ${String(error)}` })
    return false
  }
}
