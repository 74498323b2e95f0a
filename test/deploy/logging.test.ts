import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import path from 'node:path'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../src/config.ts'
import { createLogger } from '../../src/logger.ts'
import { createService } from '../../src/service.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { addTestTools } from '../fixtures/tools.ts'
import { connect, startEmulator, until } from '../helper.ts'
import { DEPLOY } from './run-program.ts'

const LINES = 100_000
const MEGABYTE = 1024 ** 2
const LOG_FILE = '/var/log/mcp-dust-server/server.log'
const writer = path.join(import.meta.dirname, '..', 'fixtures', 'log-writer.ts')

function shipped (file: string): string {
  return readFileSync(path.join(DEPLOY, 'logging', file), 'utf8')
}

/** A receiver of syslog over TCP: the numbers of the lines that came. */
async function receiveLines (t: Test): Promise<{ port: number, numbers: number[] }> {
  const numbers: number[] = []
  const server = createServer((socket) => {
    createInterface({ input: socket }).on('line', (line) => { numbers.push((JSON.parse(line) as { n: number }).n) })
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close())
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, numbers }
}

t.test('rsyslog, which follows the file through rotation, sends each line once', async (t) => {
  const rsyslogd = await requireProgram(t, 'rsyslogd')
  if (rsyslogd === null) return
  const { port, numbers } = await receiveLines(t)
  const folder = t.testdir({ state: {}, logs: {} })
  const file = path.join(folder, 'logs', 'server.log')
  const changes = { [LOG_FILE]: file, '/var/spool/rsyslog': path.join(folder, 'state'), 'logs.example.com': '127.0.0.1', 'port="514"': `port="${port}"` }
  const config = Object.entries(changes).reduce((text, [from, to]) => text.replace(from, to), shipped('rsyslog.conf'))
  writeFileSync(path.join(folder, 'rsyslog.conf'), config)
  const follower = spawn(rsyslogd, ['-n', '-iNONE', '-f', path.join(folder, 'rsyslog.conf')], { stdio: 'ignore' })
  t.teardown(() => { follower.kill('SIGKILL') })
  const child = spawn(process.execPath, [writer, file, String(MEGABYTE), '4'], { stdio: ['pipe', 'ignore', 'ignore'] })
  t.teardown(() => { child.kill('SIGKILL') })

  // Less than a file at a time, and on when it has arrived: who falls behind by more than the kept files has lost by rights.
  const step = 5000
  for (let written = step; written <= LINES; written += step) {
    child.stdin.write(`${step}\n`)
    await until(() => numbers.length >= written)
  }
  follower.kill('SIGTERM')
  await once(follower, 'exit')
  t.same(numbers, Array.from({ length: LINES }, (_, index) => index + 1))
})

/** What a server writes that works, and fails twice. */
async function realLines (t: Test): Promise<Array<Record<string, unknown>>> {
  const { environment } = await startEmulator(t)
  const lines: Array<Record<string, unknown>> = []
  const { logs } = loadConfig({ ...environment, LOG_LEVEL: 'debug' })
  const { logger, lineCounts } = createLogger(logs, { write: (line) => { lines.push(Object(JSON.parse(line)) as Record<string, unknown>) } })
  // A busy machine would be reason enough to refuse requests.
  const service = await createService(loadConfig({ ...environment, STORE_URL: 'sqlite::memory:', PRESSURE_MAX_EVENT_LOOP_DELAY: '0s' }), logger)
  t.teardown(() => service.close())
  addTestTools(service)
  const address = await service.listen({ port: 0, host: '127.0.0.1' })
  const { client } = await connect(t, address)
  for (const name of ['echo', 'crash', 'refuse', 'crash']) await client.callTool({ name, arguments: { text: 'error' } })
  await fetch(`${address}/error?level=error`)
  await until(() => lines.some(({ req }) => JSON.stringify(req)?.includes('/error')))
  t.equal(lineCounts.error, 2)
  t.equal(lines.length, Object.values(lineCounts).reduce((sum, count) => sum + count))
  return lines
}

t.test('the condition of the Logstash pipeline picks exactly the errors', async (t) => {
  const [, field = '', words = ''] = /if \[(\w+)\] in (\[.*?\])/.exec(shipped('logstash.conf')) ?? []
  const picked = new Set(JSON.parse(words) as unknown[])
  const errors = (await realLines(t)).filter((line) => picked.has(line[field]))
  t.match(errors, [{ msg: 'operation failed because of a fault' }, { msg: 'operation failed because of a fault' }])
  t.equal(errors.length, 2)
})

t.test('each line has the fields that the shippers look for, and its time is as they read it', async (t) => {
  const fluentBit = Object(parse(shipped('fluent-bit.yaml'))) as { parsers: Array<{ time_key: string }>, pipeline: { outputs: Array<{ label_keys: string }> } }
  const alloy = shipped('alloy.alloy')
  const times = [
    /match => \["(\w+)", "ISO8601"\]/.exec(shipped('logstash.conf'))?.[1],
    /source = "(\w+)"\s+format = "RFC3339Nano"/.exec(alloy)?.[1],
    ...fluentBit.parsers.map(({ time_key: key }) => key)
  ]
  const labels = [
    ...[...alloy.matchAll(/(?:expressions|values) = \{(.*)\}/g)].flatMap(([, fields = '']) => [...fields.matchAll(/(\w+) = ""/g)].map(([, field]) => field)),
    ...fluentBit.pipeline.outputs.map(({ label_keys: keys }) => keys.replace('$', ''))
  ]
  t.same(times, ['time', 'time', 'time'])
  t.same(new Set(labels), new Set(['level', 'service', 'time']))
  for (const line of await realLines(t)) {
    t.match(line['time'], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
    t.same(labels.filter((label) => typeof line[String(label)] !== 'string'), [])
  }
})

t.test('all of them follow the same file', async (t) => {
  for (const file of ['rsyslog.conf', 'logrotate.conf', 'logstash.conf', 'alloy.alloy', 'fluent-bit.yaml']) t.match(shipped(file), LOG_FILE, file)
})

t.test('the components of the Alloy pipeline are joined', async (t) => {
  const alloy = shipped('alloy.alloy')
  const declared = [...alloy.matchAll(/^([a-z_.]+) "(\w+)" \{$/gm)].map(([, component, name]) => `${component}.${name}`)
  const used = [...alloy.matchAll(/\b([a-z_.]+\.\w+)\.(?:receiver|targets)\b/g)].map(([, component]) => component)
  t.same(used.filter((component) => !declared.includes(String(component))), [])
  t.same(declared.filter((component) => !used.includes(component)), ['loki.source.file.mcp_dust_server'], 'only what reads the file is used by nobody')
})

t.test('the parser and the tag of the Fluent Bit pipeline are its own', async (t) => {
  const { parsers, pipeline } = Object(parse(shipped('fluent-bit.yaml'))) as {
    parsers: Array<{ name: string }>
    pipeline: { inputs: Array<{ tag: string, parser: string }>, outputs: Array<{ match: string }> }
  }
  t.same(pipeline.inputs.map(({ parser }) => parser), parsers.map(({ name }) => name))
  t.same(pipeline.outputs.map(({ match }) => match), pipeline.inputs.map(({ tag }) => tag))
})
