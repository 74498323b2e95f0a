import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { gunzipSync } from 'node:zlib'
import t from 'tap'
import { startServerProcess } from '../e2e/server-process.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { until } from '../helper.ts'
import { DEPLOY } from './run-program.ts'

const ROTATIONS = 3
const REQUESTS = 50

t.test('logrotate moves the file away under a server at work, and no line is lost', async (t) => {
  const logrotate = await requireProgram(t, 'logrotate')
  if (logrotate === null) return
  // It refuses folders that others may write.
  const folder = mkdtempSync(path.join(tmpdir(), 'logrotate-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  const file = path.join(folder, 'server.log')
  const { address, child, ended } = await startServerProcess(t, {
    DUST_BASE_URL: 'http://127.0.0.1:9', DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', STORE_URL: 'sqlite::memory:', LOG_FILE: file
  })
  const config = readFileSync(path.join(DEPLOY, 'logging', 'logrotate.conf'), 'utf8')
    .replace('/var/log/mcp-dust-server/server.log', file)
    .replace(/systemctl kill.*/, `kill -HUP ${child.pid}`)
  writeFileSync(path.join(folder, 'logrotate.conf'), config, { mode: 0o600 })
  const logs = (): string[] => readdirSync(folder).filter((name) => name.startsWith('server.log')).sort()

  const rotate = () => promisify(execFile)(logrotate, ['--force', '--state', path.join(folder, 'state'), path.join(folder, 'logrotate.conf')])
  let requests = 0
  const over = new AbortController()
  const ask = async (): Promise<void> => {
    while (!over.signal.aborted) await (await fetch(`${address}/line/${++requests}`)).text()
  }
  const asking = ask()
  for (let rotation = 1; rotation <= ROTATIONS; rotation++) {
    const enough = requests + REQUESTS
    await until(() => requests >= enough)
    // The names have the second, so it refuses to rotate twice in one.
    await until(() => rotate().then(() => true, () => false))
    // The server opens its file anew a moment after the signal.
    await until(() => logs().length === rotation + 1)
  }
  const enough = requests + REQUESTS
  await until(() => requests >= enough)
  over.abort()
  await asking
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })

  t.match(logs(), ['server.log', /^server\.log-\d+-\d+\.gz$/, /^server\.log-\d+-\d+\.gz$/, /^server\.log-\d+-\d+$/])
  const texts = logs().map((name) => readFileSync(path.join(folder, name))).map((bytes) => bytes[0] === 0x1f ? gunzipSync(bytes).toString() : bytes.toString())
  for (const [index, text] of texts.entries()) t.match(text, '/line/', `${logs()[index]} has requests`)
  const numbers = [...texts.join('').matchAll(/"url":"\/line\/(\d+)"/g)].map(([, number]) => Number(number))
  t.same(numbers.sort((a, b) => a - b), Array.from({ length: requests }, (_, index) => index + 1))
})
