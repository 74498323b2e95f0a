import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpsServer } from 'node:https'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { checkDust } from '../../src/cli/checks/dust.ts'
import { loadConfig } from '../../src/config.ts'
import { AuthorizationServer } from '../fixtures/authorization-server.ts'
import { freePort } from '../fixtures/free-port.ts'
import { startRedis } from '../fixtures/redis.ts'
import { startEmulator } from '../helper.ts'
import { run } from './server-process.ts'

interface Checked {
  code: number | null
  lines: string[]
  /** What is said of each thing that is wrong. */
  wrong: string[]
}

/** Runs `--check` in an empty folder with a set-up in which everything is right, but for the changes. */
async function check (t: Test, changes: Record<string, string>, dotEnv?: string): Promise<Checked> {
  // Not `testdir`, of which a test has one.
  const folder = mkdtempSync(path.join(tmpdir(), 'check-'))
  t.teardown(() => { rmSync(folder, { recursive: true }) })
  if (dotEnv !== undefined) writeFileSync(path.join(folder, '.env'), dotEnv)
  const { ended, stdout, stderr } = run(t, 'src/cli.ts', { PORT: '0', STORE_URL: 'sqlite:./data/store.db', ...changes }, ['--check'], folder)
  const { code } = await ended
  t.same(stderr, [])
  return { code, lines: stdout, wrong: stdout.filter((line) => line.startsWith('wrong')).map((line) => line.replace(/^wrong +/, '')) }
}

async function listening (t: Test, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  t.teardown(() => { server.close() })
  await once(server, 'listening')
  return Object(server.address()).port
}

t.test('a set-up in which everything is right: a line for each thing, and exit code 0', async (t) => {
  const { environment, emulator } = await startEmulator(t)
  const { code, lines } = await check(t, { ...environment, LOG_FILE: 'logs/server.log', EXTRA_PLUGINS: path.resolve('examples/handbook.ts') })
  t.equal(code, 0)
  t.match(lines, [
    /^ok +settings +7 of \d+ settings are set, 0 of them in .env; all are right$/,
    /^ok +store +the SQLite file can be opened, written and read$/,
    /^ok +dust +the key opens the workspace demo at http/,
    /^ok +log file +logs\/server.log can be written$/,
    /^off +access +AUTH_MODE is none: whoever reaches 127.0.0.1 on port 0 may ask$/,
    /^ok +plugins +.*handbook.ts can be loaded$/,
    /^ok +port +a free port of 127.0.0.1 will be taken$/
  ])
  t.equal(lines.length, 7)
  t.notMatch(lines.join('\n'), environment['DUST_API_KEY'])
  t.equal(emulator.emulator.workspace.runs.size, 0)
})

t.test('what is wrong is said in one line each, with how to mend it, and exit code 1', async (t) => {
  const { environment, emulator } = await startEmulator(t)
  const taken = await listening(t, createServer())
  const elsewhere = await startEmulator(t)
  elsewhere.emulator.emulator.faults.replace([{ kind: 'error', type: 'workspace_in_different_region', times: 'always' }])
  const setups: Array<[string, Record<string, string>, RegExp]> = [
    ['wrong key', { DUST_API_KEY: 'sk-wrong' }, /^dust +Dust refused the API key: check DUST_API_KEY/],
    ['key of another workspace', { DUST_API_KEY: 'sk-elsewhere' }, /^dust +The API key belongs to another workspace: check that DUST_API_KEY and DUST_WORKSPACE_ID belong together/],
    ['wrong region', elsewhere.environment, /^dust +The workspace is elsewhere: check that DUST_BASE_URL is the region/],
    ['wrong workspace', { DUST_WORKSPACE_ID: 'elsewhere' }, /^dust +Dust knows no such workspace: check DUST_WORKSPACE_ID/],
    ['unreachable Dust', { DUST_BASE_URL: `http://127.0.0.1:${await freePort()}` }, /^dust +Dust can't be reached \(ECONNREFUSED\): check DUST_BASE_URL, the network and the proxy/],
    ['something else than Dust', { DUST_BASE_URL: `http://127.0.0.1:${await listening(t, createServer((socket) => { socket.end('SSH-2.0-x\r\n') }))}` }, /^dust +The connection to Dust broke\..*Check DUST_BASE_URL/],
    ['store not writable', { STORE_URL: 'sqlite:/dev/null/store.db' }, /^store +The store failed to open .*Set STORE_URL to a file that can be written/],
    ['Redis away', { STORE_URL: `redis://:a-secret@127.0.0.1:${await freePort()}`, REQUEST_STATE_KEY: 'x'.repeat(32) }, /^store +.*Redis can't be reached.*Set STORE_URL to a Redis/],
    ['port taken', { PORT: String(taken) }, new RegExp(`^port +Port ${taken} on 127.0.0.1 is taken by another process. Set PORT to another one`)],
    ['no address of this machine', { HOST: '192.0.2.1', ALLOW_UNAUTHENTICATED: 'true' }, /^port +192.0.2.1 is no address of this machine. Set HOST/],
    ['bad setting', { LOG_LEVEL: 'loud' }, /^settings +LOG_LEVEL is "loud"; it must be one of trace, debug/],
    ['log file not writable', { LOG_FILE: '/dev/null/server.log' }, /^log file +The log file \/dev\/null\/server.log can't be written.*Set LOG_FILE/],
    ['authorization server away', { AUTH_MODE: 'oauth', OAUTH_ISSUER: `http://127.0.0.1:${await freePort()}`, OAUTH_AUDIENCE: 'http://127.0.0.1:5001/mcp' }, /^access +the keys of the authorization server can't be fetched: .*ECONNREFUSED.*Check OAUTH_ISSUER/],
    ['plugin not there', { EXTRA_PLUGINS: './nowhere.ts' }, /^plugins +EXTRA_PLUGINS: .\/nowhere.ts was not found/]
  ]
  const checked = await Promise.all(setups.map(async ([name, changes, words]) => ({ name, words, ...await check(t, { ...environment, ...changes }) })))
  for (const { name, words, code, wrong } of checked) {
    t.equal(code, 1, name)
    t.equal(wrong.length, 1, `${name}: ${wrong.join('\n')}`)
    t.match(wrong[0], words, name)
    t.notMatch(wrong[0], /sk-|a-secret/, name)
  }
  t.equal(emulator.emulator.workspace.runs.size, 0)
})

t.test('a wrong key and a wrong region are told apart, as far as they are regions of Dust', async (t) => {
  const here = await startEmulator(t, { apiKey: 'sk-here' })
  const there = await startEmulator(t, { apiKey: 'sk-there', workspaceId: 'other' })
  const regions = [here, there].map(({ environment }) => environment['DUST_BASE_URL'] ?? '')
  const found = (changes: Record<string, string>, known = regions) => checkDust(loadConfig({ ...here.environment, ...changes }).dust, known)
  t.match(await found({}), { status: 'ok' })
  t.match(await found({ DUST_API_KEY: 'sk-there', DUST_WORKSPACE_ID: 'other' }), { status: 'wrong', words: `the key is of another region: set DUST_BASE_URL to ${regions[1]}` })
  t.match(await found({ DUST_API_KEY: 'sk-there' }), { status: 'wrong', words: `set DUST_BASE_URL to ${regions[1]}` }, 'also where it knows another workspace')
  t.match(await found({ DUST_API_KEY: 'sk-nobodys' }), { status: 'wrong', words: 'Dust refused the API key in all its regions: check DUST_API_KEY' })
  there.emulator.emulator.faults.replace([{ kind: 'html', status: 502, times: 'always' }])
  t.match(await found({ DUST_API_KEY: 'sk-nobodys' }), { status: 'wrong', words: /^Dust refused the API key: check DUST_API_KEY, and that DUST_BASE_URL/ }, 'when the other one can\'t say')
  there.emulator.emulator.faults.replace([])
  const before = there.emulator.emulator.requests()
  await found({ DUST_API_KEY: 'sk-nobodys' }, ['https://dust.example', ...regions.slice(1)])
  t.same(there.emulator.emulator.requests(), before, 'whose key is none of a region is shown to no other one')
})

t.test('trouble with TLS is told from a Dust that is away', async (t) => {
  const folder = t.testdir({})
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', 'key', '-out', 'certificate', '-subj', '/CN=dust.example'], { cwd: folder, stdio: 'ignore' })
  const tls = createHttpsServer({ key: readFileSync(`${folder}/key`), cert: readFileSync(`${folder}/certificate`) })
  const { environment } = await startEmulator(t)
  const found = (origin: string) => checkDust(loadConfig({ ...environment, DUST_BASE_URL: origin }).dust)
  t.match(await found(`https://127.0.0.1:${await listening(t, tls)}`), { status: 'wrong', words: /^The certificate at DUST_BASE_URL is not trusted \(\w+\)/ })
  t.match(await found(String(environment['DUST_BASE_URL']).replace('http:', 'https:')), { status: 'wrong', words: /^No TLS that is understood is spoken at DUST_BASE_URL/ })
})

t.test('all faults of settings are told at once, and the rest is not looked at', async (t) => {
  const { code, lines } = await check(t, { DUST_API_KEY: 'sk secret', PORT: '70000', AUTH_MODE: 'token' }, 'DUST_WORKSPCE_ID=abc\nTICKETS_URL=http://tickets\n')
  t.equal(code, 1)
  t.match(lines, [
    /^wrong +settings +DUST_WORKSPACE_ID is not set/,
    /^wrong +settings +DUST_API_KEY is \(hidden\)/,
    /^wrong +settings +PORT is "70000"/,
    /^wrong +settings +AUTH_TOKENS is not set, but AUTH_MODE is token/,
    /^note +settings +.env sets DUST_WORKSPCE_ID, which the server doesn't read; DUST_WORKSPACE_ID may be meant$/,
    ...['store', 'dust', 'log file', 'access', 'plugins', 'port'].map((name) => new RegExp(`^off +${name} +not looked at until the settings are right$`))
  ])
  t.notMatch(lines.join('\n'), /sk secret|TICKETS/)
})

t.test('several things that are wrong are told together', async (t) => {
  const { wrong } = await check(t, { DUST_API_KEY: 'sk-x', DUST_WORKSPACE_ID: 'x', DUST_BASE_URL: `http://127.0.0.1:${await freePort()}`, STORE_URL: 'sqlite:/dev/null/x', LOG_FILE: '/dev/null/x' })
  t.match(wrong, [/^store/, /^dust/, /^log file/])
})

t.test('an authorization server that is there, and callers with keys of their own', async (t) => {
  const server = new AuthorizationServer({ resource: 'http://127.0.0.1:5001/mcp', account: 'ada', accessTokenTtl: 60 })
  await server.start()
  t.teardown(() => server.stop())
  const { issuer } = server
  const { code, lines } = await check(t, { DUST_KEY_PASSTHROUGH: 'true', AUTH_MODE: 'oauth', OAUTH_ISSUER: issuer, OAUTH_AUDIENCE: 'http://127.0.0.1:5001/mcp' })
  t.equal(code, 0, lines.join('\n'))
  t.match(lines.join('\n'), /^off +dust +callers bring their own keys/m)
  t.match(lines.join('\n'), new RegExp(`^ok +access +the keys of ${issuer} were fetched$`, 'm'))
})

t.test('a Redis that is there is fine, but replicas need a common key', async (t) => {
  const redis = await startRedis(t)
  if (redis === null) return
  const { environment } = await startEmulator(t)
  const { code, lines } = await check(t, { ...environment, STORE_URL: redis.url })
  t.equal(code, 0)
  t.match(lines.join('\n'), /^note +settings +STORE_URL is a Redis, but REQUEST_STATE_KEY is not set[^]*^ok +store +Redis can be opened, written and read$/m)
})
