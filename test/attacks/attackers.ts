import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import { initialize, JSON_HEADERS } from '../helper.ts'

export type AttackKind = 'head' | 'body' | 'reader'

export interface AttackPlan {
  port: number
  /** Whether readers read: then they are no attackers. */
  isHarmless: boolean
  /** How many of each. */
  attackers: Record<AttackKind, number>
  /** Between two bytes of a head or a body. */
  byteEveryMs: number
}

/** When a connection was cut, or had everything, in milliseconds after it was opened. */
export type End = { kind: AttackKind, way: string, afterMs: number, answer: string }

/** What readers ask for; the tools are those of `flood-plugin.ts`. */
const READERS = ['session stream', 'stateless stream', 'plain answer'] as const

const STATELESS = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 'attacker', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': {} }

if (parentPort !== null) await attack(workerData, (end) => { parentPort?.postMessage(end) })

/** Opens all connections at once. Resolves when the last one was cut, or had everything. */
async function attack (plan: AttackPlan, onEnd: (end: End) => void): Promise<void> {
  const attacks: Array<Promise<End>> = []
  for (let n = 0; n < plan.attackers.head; n++) attacks.push(sendSlowly(plan, 'head', 'GET /mcp HTTP/1.1\r\nhost: localhost\r\n', 'x-slow: aaaaaaaa\r\n'))
  const declared = Object.entries({ ...JSON_HEADERS, host: 'localhost', 'content-length': '1000000' }).map(([name, value]) => `${name}: ${value}\r\n`).join('')
  for (let n = 0; n < plan.attackers.body; n++) attacks.push(sendSlowly(plan, 'body', `POST /mcp HTTP/1.1\r\n${declared}\r\n{"jsonrpc": "`, 'a'))
  for (let n = 0; n < plan.attackers.reader; n++) attacks.push(askForMuch(plan, READERS[n % READERS.length] ?? 'plain answer'))
  for (const ended of attacks) ended.then(onEnd, (error: unknown) => { throw error })
  await Promise.all(attacks)
}

/** Sends the beginning, and then for ever a byte after the other of the rest. */
async function sendSlowly ({ port, byteEveryMs }: AttackPlan, kind: AttackKind, beginning: string, rest: string): Promise<End> {
  const socket = await open(port)
  const startedAt = performance.now()
  let answer = ''
  socket.setEncoding('latin1').on('data', (words) => { answer += String(words) })
  socket.write(beginning)
  let sent = 0
  const timer = setInterval(() => { socket.write(rest[sent++ % rest.length] ?? '') }, byteEveryMs)
  await closed(socket)
  clearInterval(timer)
  return { kind, way: kind, afterMs: performance.now() - startedAt, answer: answer.split('\r\n', 1)[0] ?? '' }
}

/** Asks for much, and reads nothing of it unless it's harmless. */
async function askForMuch ({ port, isHarmless }: AttackPlan, way: typeof READERS[number]): Promise<End> {
  const session = way === 'stateless stream' ? {} : { 'mcp-session-id': await openSession(port) }
  const name = way === 'plain answer' ? 'bulk' : 'flood'
  const isStateless = way === 'stateless stream'
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, _meta: { progressToken: 'p', ...(isStateless ? STATELESS : {}) } } })
  const headers = { ...JSON_HEADERS, host: 'localhost', connection: 'close', ...session, ...(isStateless ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name } : {}), 'content-length': String(body.length) }
  const socket = await open(port)
  const startedAt = performance.now()
  if (isHarmless) socket.resume()
  else socket.pause()
  socket.write(`POST /mcp HTTP/1.1\r\n${Object.entries(headers).map(([key, value]) => `${key}: ${value}\r\n`).join('')}\r\n${body}`)
  // Who doesn't read doesn't see an end, only a reset.
  const timer = setInterval(() => { socket.write('\r\n') }, 1000)
  await closed(socket)
  clearInterval(timer)
  return { kind: 'reader', way, afterMs: performance.now() - startedAt, answer: '' }
}

async function openSession (port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/mcp`, { method: 'POST', headers: JSON_HEADERS, body: JSON.stringify(initialize) })
  await response.text()
  return response.headers.get('mcp-session-id') ?? ''
}

async function open (port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {}) // the reset; 'close' follows
  await once(socket, 'connect')
  return socket
}

async function closed (socket: Socket): Promise<void> {
  // Not events.once, which an error ends, too.
  if (!socket.closed) await new Promise<void>((resolve) => { socket.once('close', () => { resolve() }) })
}
