import { gzipSync } from 'node:zlib'
import type { Random } from '../../src/emulator/random.ts'
import { chooseHostile, MADE_UP, toHostileText } from './hostile-json.ts'

/** An answer as its bytes go over the wire. */
export interface WireAnswer {
  status: number
  headers: Record<string, string>
  body: Buffer
  /** Bytes at a time, with a pause after each piece; `null` for all at once. */
  drip: number | null
  /** What becomes of the connection, after as many bytes of the body. */
  end: { kind: 'whole' } | { kind: 'close' | 'reset', after: number }
}

const STATUSES = [201, 202, 204, 205, 206, 299, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 408, 409, 410, 413, 418, 422, 429, 451, 499, 500, 501, 502, 503, 504, 520, 599, 999] as const
const TYPES = ['text/html', 'text/event-stream', '', 'application/json; charset=utf-16', 'application/octet-stream', 'text/plain; charset=\u00e9', 'x'.repeat(3000), 'image/png', 'multipart/mixed'] as const
const ERROR_TYPES = ['rate_limit_error', 'internal_server_error', 'conversation_not_found', 'workspace_auth_error', 'service_unavailable', 'plan_limit_error', '__proto__', 'constructor', `${MADE_UP} ${'t'.repeat(3000)}`, '\u0000'] as const
const MIB = 1024 * 1024

/** The right answer with something about it that is wrong. */
export function spoil (random: Random, right: WireAnswer, addresses: { stranger: string, own: string }): WireAnswer {
  const { body } = right
  switch (random.integer(0, 19)) {
    case 0:
      return { ...right, status: random.pick(STATUSES) }
    case 1:
      return { ...right, status: random.pick(STATUSES), body: Buffer.from(JSON.stringify({ error: { type: random.pick(ERROR_TYPES), message: random.pick<unknown>([`${MADE_UP} said`, 5, null, 'x'.repeat(100_000)]) } })) }
    case 2:
      return { ...right, headers: { 'content-type': random.pick(TYPES) } }
    case 3:
      return { ...right, status: random.pick([200, 502]), headers: { 'content-type': 'text/html' }, body: Buffer.from(`<html>${MADE_UP}</html>`) }
    case 4:
      return { ...right, body: body.subarray(0, random.integer(0, body.length)) }
    case 5:
      return { ...right, body: spliced(random, body) }
    case 6:
      return { ...right, status: random.pick([301, 302, 303, 307, 308]), headers: { location: location(random, addresses) } }
    case 7:
      return { ...right, headers: { ...right.headers, 'content-encoding': random.pick(['gzip', 'br', 'deflate', 'bogus']) }, body: gzipSync(Buffer.alloc(random.integer(1, 8) * MIB)) }
    case 8:
      return { ...right, headers: { ...right.headers, 'content-length': random.pick([String(body.length + 100), String(Math.max(body.length - 5, 0)), '0', '-1', '99999999999999999999', 'x']) } }
    case 9:
      return { ...right, end: { kind: 'close', after: random.integer(0, body.length) } }
    case 10:
      return { ...right, end: { kind: 'reset', after: random.integer(0, body.length) } }
    case 11:
      return { ...right, drip: Math.max(Math.ceil(body.length / random.integer(2, 20)), 1) }
    case 12:
      return { ...right, headers: { ...right.headers, [`x-${random.integer(0, 9)}`]: 'y'.repeat(random.pick([10_000, 100_000])) } }
    case 13:
      return random.chance(0.1) ? { ...right, body: huge(random, body) } : { ...right, body: Buffer.from('[') }
    default:
      return { ...right, body: spoilJson(random, body, addresses) }
  }
}

function spoilJson (random: Random, body: Buffer, addresses: { stranger: string, own: string }): Buffer {
  let value: unknown
  try {
    value = JSON.parse(body.toString())
  } catch {
    // A file.
    return spliced(random, body)
  }
  if (random.chance(0.05)) return Buffer.from(JSON.stringify(chooseHostile(random)))
  const { file } = Object(value)
  if (typeof Object(file).uploadUrl === 'string' && random.chance(0.6)) return Buffer.from(JSON.stringify({ file: { ...file, uploadUrl: location(random, addresses) } }))
  return Buffer.from(toHostileText(random, value))
}

/** Everywhere but where it should lead. */
function location (random: Random, { stranger, own }: { stranger: string, own: string }): string {
  const { host } = new URL(stranger)
  const { host: ownHost } = new URL(own)
  return random.pick([
    `${stranger}/steal`, `//${host}/steal`, `http://${ownHost}@${host}/`, `http://user:password@${ownHost}/api`, `${own}/api/v1/w/demo/files/unknown`, '/api/v1/w/demo', '', 'http://', 'http://[', 'file:///etc/passwd',
    'javascript:alert(1)', 'data:,x', `https://${ownHost}/`, `http://storage.googleapis.com.localhost:${new URL(stranger).port}/x`, `\\\\${host}\\x`, `http:${host}`, `HTTP://${host.toUpperCase()}/`, `/${'a'.repeat(5000)}`, '?', '#', `${own}.evil.example/`, `http://127.0.0.1:${Number(new URL(stranger).port)}/steal#${ownHost}`
  ])
}

function spliced (random: Random, body: Buffer): Buffer {
  const at = random.integer(0, body.length)
  const junk = random.pick([Buffer.from([0xff, 0xfe, 0xc0, 0x80]), Buffer.from('\u0000'), Buffer.from([0xef, 0xbb, 0xbf]), Buffer.from([0xed, 0xa0, 0x80]), Buffer.from('}'), Buffer.from('['.repeat(5000))])
  return Buffer.concat([body.subarray(0, at), junk, body.subarray(at)])
}

function huge (random: Random, body: Buffer): Buffer {
  const text = body.toString()
  const filling = random.pick([`"${'x'.repeat(random.integer(1, 4) * MIB)}"`, `[${'1,'.repeat(MIB)}1]`, `${'['.repeat(MIB)}${']'.repeat(MIB)}`])
  return Buffer.from(text.startsWith('{') ? `{"filling":${filling},${text.slice(1)}` : filling)
}
