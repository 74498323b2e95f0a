import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { connect as openSocket } from 'node:net'
import path from 'node:path'
import t, { type Test } from 'tap'
import { connect, openSession, post, startEmulator, startServiceAlone, toolCall, until } from '../helper.ts'
import { run } from './server-process.ts'

const LINES = 100_000
const MEGABYTE = 1024 ** 2
const settings = { DUST_BASE_URL: 'http://127.0.0.1:9', DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', STORE_URL: 'sqlite::memory:', PRESSURE_MAX_EVENT_LOOP_DELAY: '0s' }
const writer = path.join(import.meta.dirname, '..', 'fixtures', 'log-writer.ts')

interface Line {
  level: string
  msg: string
  reqId?: string
  n: number
  req?: { method: string, url: string }
  res?: { statusCode: number }
}

function linesOf (text: string): Line[] {
  return text.split('\n').slice(0, -1).map((line) => JSON.parse(line) as Line)
}

/** All files of a log together, oldest line first. Throws when a line is broken. */
function readLog (file: string): Line[] {
  const numbered = Array.from({ length: 10 }, (_, index) => `${file}.${9 - index}`).filter((name) => existsSync(name))
  return [...numbered, file].flatMap((name) => linesOf(readFileSync(name, 'utf8')))
}

function isGapless (numbers: number[]): boolean {
  return numbers.every((number, index) => index === 0 || number === Number(numbers[index - 1]) + 1)
}

/** The server as its own process, with all that it said. */
async function startServer (t: Test, environment: Record<string, string>) {
  const server = run(t, 'src/server.ts', { HOST: '127.0.0.1', PORT: '0', ...settings, ...environment })
  const address = () => /Server listening at (http:[\d.:/]+)/.exec(server.stdout.join('\n'))?.[1] ?? ''
  await until(() => address() !== '')
  return { ...server, address: address() }
}

for (const signal of ['', 'SIGKILL']) {
  t.test(`${LINES} lines through rotation${signal && `, ended by ${signal}`}: few files, none too big, no line missing, doubled or broken`, async (t) => {
    const folder = t.testdir()
    const file = path.join(folder, 'server.log')
    const child = spawn(process.execPath, [writer, file, String(MEGABYTE), '4', String(LINES), signal], { stdio: 'ignore' })
    const ended = once(child, 'exit')
    let mostFiles = 0
    await until(() => {
      mostFiles = Math.max(mostFiles, readdirSync(folder).length)
      return child.exitCode !== null || child.signalCode !== null
    })
    t.same(await ended, signal === '' ? [0, null] : [null, signal])
    t.equal(mostFiles, 4)
    t.same(readdirSync(folder), ['server.log', 'server.log.1', 'server.log.2', 'server.log.3'])
    for (const name of readdirSync(folder)) t.ok(statSync(path.join(folder, name)).size <= MEGABYTE, name)
    const numbers = readLog(file).map(({ n }) => n)
    t.ok(numbers.length > 15_000)
    t.ok(isGapless(numbers))
    t.equal(numbers.at(-1), LINES)
  })
}

t.test('killed in the middle of writing, it has all lines that were logged before', async (t) => {
  const file = path.join(t.testdir(), 'server.log')
  const child = spawn(process.execPath, [writer, file, String(MEGABYTE), '4', '10000000'], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  let onStdout = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => { onStdout += text })
  await until(() => existsSync(`${file}.2`))
  child.kill('SIGKILL')
  await ended
  if (!child.stdout.readableEnded) await once(child.stdout, 'end')
  const numbers = readLog(file).map(({ n }) => n)
  t.ok(isGapless(numbers))
  // A line goes to stdout first.
  t.ok(Number(numbers.at(-1)) >= Number(linesOf(onStdout).at(-1)?.n) - 1)
})

t.test('one line for a request when it is over, of its operation if it has one, and without its query; at debug also when it begins', async (t) => {
  const { address, logLines } = await startServiceAlone(t)
  const session = await openSession(address)
  logLines.length = 0
  await post(`${address}`, { jsonrpc: '2.0', id: 1, method: 'ping' }, { ...session, 'x-request-id': 'ping-1' })
  await fetch(`${address}/no/where?secret=1`, { headers: { 'x-request-id': 'nowhere' } })
  await fetch(`${address}/%zz?secret=1`, { headers: { 'x-request-id': 'bad' } })
  await until(() => logLines.join('').includes('bad'))
  const lines = logLines.map((line) => JSON.parse(line) as Omit<Line, 'level'> & { level: number })
  t.match(lines.filter(({ level }) => level === 30), [
    { reqId: 'ping-1', mcp: { method: 'ping', outcome: 'success' }, msg: 'operation' },
    { reqId: 'nowhere', req: { method: 'GET', url: '/no/where' }, res: { statusCode: 404 }, responseTime: Number, msg: 'request completed' },
    { reqId: 'bad', req: { method: 'GET', url: '/%zz' }, res: { statusCode: 400 }, msg: 'request completed' }
  ])
  t.match(lines.filter(({ level, reqId, req }) => level === 20 && reqId === 'ping-1' && req !== undefined), [
    { req: { method: 'POST', url: '/mcp' }, msg: 'incoming request' },
    { res: { statusCode: 200 }, responseTime: Number, msg: 'request completed' }
  ])
  t.notMatch(logLines.join(''), 'secret')
})

t.test('a request whose operation never began has a line of its own', async (t) => {
  const { address, logLines } = await startServiceAlone(t)
  const session = await openSession(address)
  logLines.length = 0
  const cancelled = [{ jsonrpc: '2.0', id: 1, method: 'ping' }, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }]
  await (await post(`${address}`, cancelled, { ...session, 'x-request-id': 'cancelled-at-once' })).text()
  await until(() => logLines.join('').includes('request completed'))
  const lines = logLines.map((line) => JSON.parse(line) as Omit<Line, 'level'> & { level: number })
  t.match(lines.filter(({ level }) => level === 30), [{ reqId: 'cancelled-at-once', res: { statusCode: 200 }, msg: 'request completed' }])
})

t.test('a client that goes away leaves a line, too', async (t) => {
  const { address, logLines } = await startServiceAlone(t)
  const session = await openSession(address)
  const leaving = new AbortController()
  await fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', 'x-request-id': 'stream', ...session }, signal: leaving.signal })
  leaving.abort()
  await until(() => logLines.join('').includes('request aborted'))
  const lines = logLines.map((line) => JSON.parse(line) as Line).filter(({ reqId, msg }) => reqId === 'stream' && msg !== 'incoming request')
  t.match(lines, [{ level: 30, req: { method: 'GET', url: '/mcp' }, res: { statusCode: 499 }, msg: 'request aborted' }])
  t.equal(lines.length, 1)
})

t.test('probes and scrapes are not logged at info', async (t) => {
  const { address, logLines } = await startServiceAlone(t)
  logLines.length = 0
  for (const url of ['/livez', '/health', '/ready', '/metrics', '/health?full', '/other']) await fetch(address + url)
  await until(() => logLines.join('').includes('/other'))
  const lines = logLines.map((line) => JSON.parse(line) as { level: number, req?: { url: string } })
  t.same(lines.filter(({ level, req }) => level >= 30 && req !== undefined).map(({ req }) => req?.url), ['/other'])
})

t.test('takes the request id of the client if it has the shape of one, and tells it in every reply', async (t) => {
  const { address } = await startServiceAlone(t)
  const session = await openSession(address)
  const idOf = async (url: string, id: string, headers: Record<string, string> = {}) => {
    const response = await fetch(address + url, { headers: { ...headers, 'x-request-id': id } })
    await response.body?.cancel()
    return response.headers.get('x-request-id')
  }
  const ours = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
  const longest = 'Az09._-'.padEnd(64, 'x')
  t.equal(await idOf('/livez', longest), longest)
  t.match(await idOf('/livez', `${longest}x`), ours)
  t.match(await idOf('/livez', ''), ours)
  t.match(await idOf('/livez', 'a b'), ours)
  t.match(await idOf('/livez', '{"level":"error"}'), ours)
  t.equal(await idOf('/nowhere', 'id-404'), 'id-404')
  t.equal(await idOf('/%zz', 'id-400'), 'id-400')
  t.equal(await idOf('/mcp', 'id-stream', { accept: 'text/event-stream', ...session }), 'id-stream')
  t.equal(await idOf('/mcp', 'id-406', session), 'id-406')
})

t.test('SIGHUP opens a file anew that was moved away', async (t) => {
  const file = path.join(t.testdir(), 'server.log')
  const { child, address, ended } = await startServer(t, { LOG_FILE: file })
  renameSync(file, `${file}-moved`)
  child.kill('SIGHUP')
  await until(() => existsSync(file))
  await fetch(`${address}/after`)
  await until(() => readLog(file).some(({ req }) => req?.url === '/after'))
  t.equal(readLog(`${file}-moved`).at(-1)?.msg, 'SIGHUP: opening LOG_FILE anew')
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('SIGHUP does no harm without a file', async (t) => {
  const { child, address, stdout } = await startServer(t, {})
  child.kill('SIGHUP')
  await until(() => stdout.join('').includes('SIGHUP: there is no LOG_FILE'))
  t.equal((await fetch(`${address}/livez`)).status, 200)
})

t.test('a LOG_FILE that can not be written ends the start in one line', async (t) => {
  const folder = t.testdir({ file: '' })
  for (const [file, reason] of [[folder, 'not a plain file'], [path.join(folder, 'file', 'server.log'), 'ENOTDIR']] as const) {
    const { ended, stdout, stderr } = run(t, 'src/server.ts', { ...settings, PORT: '0', LOG_FILE: file })
    t.match(await ended, { code: 1 })
    t.equal(stderr.length, 1)
    t.match(stderr[0], reason)
    t.match(stderr[0], `${file} `)
    t.match(stderr[0], /Set LOG_FILE to a file that can be written\.$/)
    t.same(stdout, [])
  }
})

t.test('pretty is for stdout; the file stays JSON', async (t) => {
  const file = path.join(t.testdir(), 'server.log')
  const { stdout } = await startServer(t, { LOG_FILE: file, LOG_FORMAT: 'pretty' })
  t.match(stdout.join('\n'), /^\[\d\d:\d\d:\d\d\.\d+\] INFO: Server listening at/m)
  // A line goes to stdout first.
  await until(() => readLog(file).some(({ level, msg }) => level === 'info' && msg.startsWith('Server listening')))
})

t.test('goes on when nobody reads stdout and stderr any more', async (t) => {
  const file = path.join(t.testdir(), 'server.log')
  const { child, address, ended } = await startServer(t, { LOG_FILE: file })
  child.stdout.destroy()
  child.stderr.destroy()
  for (const url of ['/one', '/two', '/three']) t.equal((await fetch(address + url)).status, 404)
  await until(() => readLog(file).some(({ req }) => req?.url === '/three'))
  t.same(readLog(file).flatMap(({ req }) => req?.url ?? []), ['/one', '/two', '/three'])
  child.kill('SIGTERM')
  t.match(await ended, { code: 0 })
})

t.test('keys, tokens, prompts and answers are in no log, whatever happens', async (t) => {
  const secrets = { key: 'sk-markedkey', wrongKey: 'sk-wrongmarkedkey', token: 'markedtoken', prompt: 'MARKEDPROMPT', query: 'markedquery' }
  const folder = t.testdir()
  mkdirSync(path.join(folder, 'logs'))
  const { environment } = await startEmulator(t, { apiKey: secrets.key })
  const [server, rejected] = await Promise.all([
    startServer(t, { ...environment, LOG_LEVEL: 'trace', LOG_FILE: path.join(folder, 'logs', 'server.log'), LOG_MAX_SIZE: '20k', STORE_URL: `sqlite:${folder}/store.db` }),
    startServer(t, { ...environment, LOG_LEVEL: 'trace', DUST_API_KEY: secrets.wrongKey })
  ])
  const authorization = `Bearer ${secrets.token}`
  const headers = { authorization, cookie: `session=${secrets.token}` }

  const { client } = await connect(t, server.address)
  const answers: string[] = []
  for (const agent of ['dust', 'researcher', 'unlucky', 'archivist', 'deployer', 'concierge', secrets.prompt]) {
    const result = await client.callTool({ name: 'dust_ask_agent', arguments: { agent, message: `What about ${secrets.prompt}?` } })
    answers.push(JSON.stringify(result))
  }
  await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: secrets.prompt, conversationId: 'unknown' } })
  await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 7, text: secrets.prompt } })
  const leaving = new AbortController()
  const left = client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'secretary', message: secrets.prompt } }, undefined, { signal: leaving.signal })
  leaving.abort()
  await t.rejects(left)

  const session = await openSession(server.address)
  await post(server.address, toolCall(1, 'dust_ask_agent', { agent: 'dust', message: secrets.prompt }), { ...session, ...headers }).then((response) => response.text())
  await post(server.address, `{"prompt": ${secrets.prompt}}`, { ...session, ...headers })
  for (const message of [
    { id: secrets.prompt, method: secrets.prompt, params: { text: secrets.prompt } },
    { id: 99, result: { answer: secrets.prompt } },
    { id: 99, error: { code: -1, message: secrets.prompt } },
    { method: 'notifications/progress', params: { progressToken: 99, progress: 1, message: secrets.prompt } },
    { method: 'notifications/cancelled', params: { requestId: secrets.prompt, reason: secrets.prompt } },
    { method: secrets.prompt, params: { text: secrets.prompt } }
  ]) await post(server.address, { jsonrpc: '2.0', ...message }, { ...session, ...headers }).then((response) => response.text())
  for (const url of ['/mcp', '/health', '/nowhere', '/%zz']) await fetch(`${server.address}${url}?token=${secrets.query}`, { headers })
  await fetch(`${server.address}/nowhere`, { method: 'POST', body: `{${secrets.prompt}`, headers: { ...headers, 'content-type': 'application/json' } })
  const socket = openSocket(Number(new URL(server.address).port), '127.0.0.1')
  socket.end(`GET / HTTP/1.1\r\nauthorization: ${authorization}\r\nno header ${secrets.prompt}\r\n\r\n`)
  socket.resume()
  await once(socket, 'close')
  const asked = await connect(t, rejected.address)
  await asked.client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'dust', message: secrets.prompt } })

  for (const { child, ended } of [server, rejected]) {
    child.kill('SIGTERM')
    await ended
  }
  const files = readdirSync(path.join(folder, 'logs')).map((name) => readFileSync(path.join(folder, 'logs', name), 'utf8'))
  const logged = [...files, ...[server, rejected].flatMap(({ stdout, stderr }) => [...stdout, ...stderr])].join('\n')
  t.match(answers[0], secrets.prompt, 'the answer quotes the prompt')
  t.ok(files.length > 1)
  for (const words of ['dust request', 'operation', 'request completed', 'client error', '"level":"trace"']) t.match(logged, words, 'there is something to look at')
  for (const [name, secret] of Object.entries({ ...secrets, answer: 'You asked', session: session['mcp-session-id'] })) {
    t.same(logged.split('\n').filter((line) => line.toLowerCase().includes(secret.toLowerCase())), [], name)
  }
})
