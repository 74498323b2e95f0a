import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { toHostileText } from './hostile-json.ts'
import type { RawCase } from './raw-client.ts'

/** What a raw request needs to be let in. */
export interface Entry {
  host: string
  /** Of a session and a credential. */
  headers: Record<string, string>
}

const PING = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' })
const ODD_METHODS = ['PROPFIND', 'BREW', 'get', 'POST\t', 'QUERY', 'OPTIONS', 'PATCH', 'TRACE', 'PURGE', 'M-SEARCH', 'X'.repeat(300), 'P\u0000ST', 'PRI', 'SOURCE'] as const
const ODD_PATHS = ['/%zz', '/%00', '//mcp', '/mcp/', '/mcp/../metrics', '/mcp%2f', '/mcp?x=%zz', '/mcp;a=b', '/%c0%ae%c0%ae', '/mcp#x', '/MCP', '*', 'mcp', `/mcp?${'a=1&'.repeat(1000)}`, '/mcp?__proto__[x]=1', '/__proto__', '/.env', '/health?\u00e9', '/livez/%2e%2e/mcp'] as const

/** Bytes that no client sends by mistake; the same for the same seed, number and entry. */
export function createRaw (seed: number, number: number, entry: Entry): RawCase {
  const random = createRandom('raw', seed, number)
  const [name, make] = random.pick(KINDS)
  return { name, ...make(random, entry) }
}

type Make = (random: Random, entry: Entry) => Omit<RawCase, 'name'>

const KINDS: readonly [[string, Make], ...Array<[string, Make]>] = [
  ['TLS hello', (random) => junk(Buffer.concat([Buffer.from('16030100f8010000f40303', 'hex'), bytes(random, 200)]))],
  ['HTTP/2 preface', () => junk(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.from('000000040000000000', 'hex')]))],
  ['random bytes', (random) => junk(bytes(random, random.integer(1, 2000)))],
  ['overlong line', (random, entry) => junk(`GET /${'a'.repeat(random.integer(10_000, 100_000))} HTTP/1.1\r\nhost: ${entry.host}\r\n\r\n`)],
  ['overlong header', (random, entry) => junk(request(entry, PING, { 'x-long': 'a'.repeat(random.integer(15_000, 200_000)) }))],
  ['many headers', (random, entry) => junk(request(entry, PING, Object.fromEntries(Array.from({ length: random.integer(90, 2500) }, (_, index) => [`x-${index}`, 'y']))))],
  ['bare LF', (_random, entry) => junk(request(entry, PING).replaceAll('\r\n', '\n'))],
  ['bare CR', (_random, entry) => junk(request(entry, PING).replaceAll('\r\n', '\r'))],
  ['NUL', (random, entry) => junk(insert(random, request(entry, PING), '\u0000'))],
  ['flipped byte', (random, entry) => junk(insert(random, request(entry, PING), String.fromCharCode(random.integer(0, 255)), 1))],
  ['length and chunks', (random, entry) => junk(head(entry, { ...random.pick<Record<string, string>>([{ 'content-length': '5', 'transfer-encoding': 'chunked' }, { 'transfer-encoding': 'chunked', 'content-length': '0' }]) }) + chunked(PING))],
  ['odd transfer coding', (random, entry) => junk(head(entry, { 'transfer-encoding': random.pick(['identity', 'xchunked', 'chunked, chunked', 'gzip, chunked', 'chunked, gzip', ' chunked', 'CHUNKED', '']) }) + chunked(PING))],
  ['odd length', (random, entry) => junk(head(entry, { 'content-length': random.pick(['-1', '+5', '0x10', '1e3', '99999999999999999999', '5, 5', '5, 6', ' 5', '']) }) + PING)],
  ['two lengths', (_random, entry) => junk(`${head(entry, { 'content-length': '5' }).slice(0, -2)}content-length: 6\r\n\r\n${PING}`)],
  ['absolute address', (random, entry) => junk(request(entry, PING).replace('/mcp', random.pick(['http://evil.example/mcp', `http://${entry.host}/mcp`, 'https://[::1]/mcp', 'evil.example:443', 'http://'])))],
  ['CONNECT', (_random, entry) => junk(`CONNECT evil.example:443 HTTP/1.1\r\nhost: ${entry.host}\r\n\r\n`)],
  ['odd method', (random, entry) => junk(request(entry, PING).replace('POST', random.pick(ODD_METHODS)))],
  ['HEAD', (_random, { host }) => ({ parts: [Buffer.from(`HEAD /mcp HTTP/1.1\r\nhost: ${host}\r\n\r\n`)], then: 1, isHead: true })],
  ['expectation', (random, entry) => answered(request(entry, PING, { expect: random.pick(['100-continue', 'miracles']) }))],
  ['upgrade', (random, entry) => answered(request(entry, PING, { connection: 'upgrade', upgrade: random.pick(['websocket', 'h2c', 'TLS/1.0']), 'http2-settings': 'AAMAAABkAAQAAP__' }))],
  ['byte by byte', (random, entry) => ({ parts: split(random, Buffer.from(request(entry, random.chance(0.5) ? PING : hostile(random)))), then: 1 })],
  ['chunk by chunk', (random, entry) => ({ parts: split(random, Buffer.from(head(entry, { 'transfer-encoding': 'chunked' }) + chunked(random.chance(0.5) ? PING : hostile(random), random.integer(1, 9)), 'latin1')), then: 1 })],
  ['truncated', (random, entry) => junk(cut(random, request(entry, hostile(random))))],
  ['truncated chunks', (random, entry) => junk(cut(random, head(entry, { 'transfer-encoding': 'chunked' }) + chunked(PING, 5)))],
  ['bad chunk', (random, entry) => junk(`${head(entry, { 'transfer-encoding': 'chunked' })}${random.pick(['zz', '-1', 'ffffffffffffffffff', '5;ext="\u0000"', `5;${'e'.repeat(20_000)}`, ' 5', '5 '])}\r\nhello\r\n0\r\n\r\n`)],
  ['trailers', (_random, entry) => answered(`${head(entry, { 'transfer-encoding': 'chunked' })}${chunked(PING).slice(0, -2)}x-trailer: 1\r\nauthorization: Bearer x\r\n\r\n`)],
  ['length too small', (_random, entry) => junk(head(entry, { 'content-length': '10' }) + PING)],
  ['length too large', (_random, entry) => junk(head(entry, { 'content-length': '9000' }) + PING)],
  ['pipelined', pipelined],
  ['odd headers', (random, entry) => junk(`${head(entry, { 'content-length': String(PING.length) }).slice(0, -2)}${random.pick(['x : y', ' folded', ': empty', 'x\u0000: y', 'host: evil.example', 'x: \u0001', '\u00e9: x', 'x', 'mcp-session-id: other', 'authorization: Bearer other'])}\r\n\r\n${PING}`)],
  ['no host', (_random, entry) => junk(request(entry, PING).replace(/host: .*\r\n/, ''))],
  ['odd path', (random, entry) => junk(request(entry, PING).replace('/mcp', random.pick(ODD_PATHS)))],
  ['packed', packed],
  ['bytes that are no text', (random, entry) => {
    const body = Buffer.concat([Buffer.from(PING.slice(0, -2)), bytes(random, 20), Buffer.from('"}')])
    return { parts: [Buffer.concat([Buffer.from(head(entry, { 'content-length': String(body.length) })), body])], then: 1 }
  }],
  ['odd version', (random, entry) => junk(request(entry, PING).replace('HTTP/1.1', random.pick(['HTTP/0.9', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/1.10', 'HTTPS/1.1', 'http/1.1', 'ICE/1.0', ''])))],
  ['HTTP/0.9', () => junk('GET /mcp\r\n')],
  ['broken off', (random, entry) => ({ parts: [Buffer.from(cut(random, request(entry, hostile(random))))], then: 'reset' })],
  ['broken off after it', (_random, entry) => ({ parts: [Buffer.from(request(entry, call('dust_ask_agent', { agent: 'dust', message: 'quokka-5d20' })))], then: 'reset' })],
  ['very deep', (random, entry) => answered(request(entry, `${'['.repeat(random.integer(101, 300_000))}`))],
  ['very deep, closed', (random, entry) => {
    const depth = random.integer(90, 100_000)
    return answered(request(entry, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'[{"a":'.repeat(depth)}1${'}]'.repeat(depth)}}}`))
  }],
  ['too large', (random, entry) => random.chance(0.8) ? answered(request(entry, hostile(random))) : junk(request(entry, `"${'x'.repeat(4 * 1024 * 1024 + 1)}"`))],
  ['wide', (random, entry) => answered(request(entry, `{"jsonrpc":"2.0","id":1,"method":"ping","params":{${Array.from({ length: random.integer(1000, 20_000) }, (_, index) => `"k${index}":${index}`).join()}}}`))]
]

function junk (content: string | Buffer): Omit<RawCase, 'name'> {
  return { parts: [typeof content === 'string' ? Buffer.from(content, 'latin1') : content], then: 'end' }
}

function answered (content: string): Omit<RawCase, 'name'> {
  return { parts: [Buffer.from(content)], then: 1 }
}

function pipelined (random: Random, entry: Entry): Omit<RawCase, 'name'> {
  const count = random.integer(2, 30)
  return { parts: [Buffer.from(Array.from({ length: count }, () => request(entry, random.chance(0.7) ? PING : '{')).join(''))], then: count }
}

function packed (random: Random, entry: Entry): Omit<RawCase, 'name'> {
  const coding = random.pick(['gzip', 'deflate', 'br', 'gzip, gzip', 'bogus'])
  const content = coding === 'deflate' ? deflateSync(PING) : coding === 'br' ? brotliCompressSync(PING) : gzipSync(PING)
  return { parts: [Buffer.from(head(entry, { 'content-encoding': coding, 'content-length': String(content.length) })), content], then: 1 }
}

function head (entry: Entry, headers: Record<string, string>): string {
  const all = { host: entry.host, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...entry.headers, ...headers }
  return `POST /mcp HTTP/1.1\r\n${Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

function request (entry: Entry, body: string, headers: Record<string, string> = {}): string {
  return head(entry, { ...headers, 'content-length': String(Buffer.byteLength(body)) }) + body
}

function call (name: string, args: Record<string, unknown>): string {
  return JSON.stringify({ jsonrpc: '2.0', id: 'raw', method: 'tools/call', params: { name, arguments: args } })
}

function hostile (random: Random): string {
  return toHostileText(random, { jsonrpc: '2.0', id: random.integer(0, 2 ** 31), method: 'tools/call', params: { name: 'dust_list_agents', arguments: {} } })
}

function chunked (text: string, size = 1000): string {
  const content = Buffer.from(text).toString('latin1')
  const chunks = content.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
  return `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('')}0\r\n\r\n`
}

function split (random: Random, content: Buffer): Buffer[] {
  const size = content.length > 1000 ? 100 : random.integer(1, 20)
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) => content.subarray(index * size, (index + 1) * size))
}

function cut (random: Random, text: string): string {
  return text.slice(0, random.integer(1, text.length - 1))
}

function insert (random: Random, text: string, what: string, replaced = 0): string {
  const at = random.integer(0, text.length - 1)
  return text.slice(0, at) + what + text.slice(at + replaced)
}

function bytes (random: Random, count: number): Buffer {
  return Buffer.from(Array.from({ length: count }, () => random.integer(0, 255)))
}
