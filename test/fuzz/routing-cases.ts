import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, LOG_LEVEL_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { mutate, toText } from './mutation.ts'

/** One HTTP request to `/mcp`, the same for the same seed and number. */
export interface RoutingCase {
  method: 'POST' | 'GET' | 'DELETE' | 'PUT'
  headers: Record<string, string>
  /** Which of the fuzzer's own sessions it belongs to. */
  slot: number | null
  body: string | null
}

export const SLOTS = 8

const VERSIONS = ['2025-11-25', '2026-07-28', '2025-06-18', '2025-03-26', '2024-11-05', '2026-07-29', '2099-01-01', '1999-01-01', '2026', 'draft', 'DRAFT-2026-v1', '', '2026-07-28, 2025-11-25'] as const
const METHODS = [
  'tools/call', 'tools/list', 'ping', 'initialize', 'server/discover', 'resources/read', 'resources/list', 'resources/templates/list', 'prompts/get', 'prompts/list',
  'completion/complete', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe', 'subscriptions/listen', 'tasks/get', 'notifications/initialized', 'notifications/cancelled',
  'notifications/progress', 'notifications/roots/list_changed', 'constructor', '__proto__', 'toString', 'Tools/Call', 'tools/call/', '', 'x'.repeat(300)
] as const
const TOOLS = [
  'echo', 'progress', 'refuse', 'crash', 'lie', 'nothing', 'dust_list_agents', 'dust_ask_agent', 'test_simple_text', 'test_elicitation', 'test_sampling',
  'test_input_required_result_multi_round', 'test_missing_capability', 'constructor', '__proto__', ''
] as const
const STRANGE_HEADERS: readonly [[string, readonly [string, ...string[]]], ...Array<[string, readonly [string, ...string[]]]>] = [
  ['accept', ['application/json', 'text/event-stream', '*/*', 'text/html']],
  ['content-type', ['application/json; charset=utf-8', 'text/plain', 'application/x-www-form-urlencoded', 'application/jsonx']],
  ['mcp-protocol-version', VERSIONS],
  ['mcp-method', ['tools/call', 'tools/list', 'TOOLS/CALL', ' tools/call ', '']],
  ['mcp-name', ['echo', 'test_simple_prompt', 'test://static-text', 'ECHO', ' echo', '=?base64?ZWNobw==?=', '=?base64?###?=', '%65cho', '']],
  ['mcp-session-id', ['nobody', '', '__proto__', '../../etc/passwd']],
  ['last-event-id', ['standalone.1', 'x', '', '.', '0.0', 'constructor.1']]
]
const SCALARS: readonly [unknown, ...unknown[]] = [0, 1, 'a', -1, 1.5, 1e300, '', null, true, 'x'.repeat(50)]

/** A part of the cases is right in everything, so that the lanes have real work among the noise. */
export function createCase (seed: number, number: number): RoutingCase {
  const random = createRandom('routing', seed, number)
  const isRight = random.chance(0.4)
  const method = isRight || random.chance(0.87) ? 'POST' : random.pick<RoutingCase['method']>(['GET', 'DELETE', 'PUT'])
  const message = method === 'POST' ? createBody(random, isRight) : null
  const slot = isRight || random.chance(0.6) ? random.integer(0, SLOTS - 1) : null
  return { method, slot, headers: createHeaders(random, message, isRight), body: message === null ? null : isRight ? JSON.stringify(message) : toText(random, message) }
}

function createBody (random: Random, isRight: boolean): unknown {
  if (isRight) return createMessage(random, createRightMeta(random))
  const whole = random.chance(0.08)
    ? Array.from({ length: random.pick<number>([0, 1, 2, 3, 101]) }, () => createMessage(random, createMeta(random)))
    : random.chance(0.05) ? random.pick(SCALARS) : createMessage(random, createMeta(random))
  return random.chance(0.5) ? mutate(random, whole) : whole
}

function createMessage (random: Random, meta: unknown): unknown {
  const kind = random.next()
  const id = random.chance(0.9) ? random.integer(0, 1_000_000) : random.pick(SCALARS)
  if (kind < 0.05) return { jsonrpc: '2.0', id, result: random.pick<unknown>([{}, 5, { action: 'accept' }]) }
  if (kind < 0.08) return { jsonrpc: '2.0', id, error: random.pick<unknown>([{ code: -32603, message: 'no' }, {}, 'no']) }
  const method = random.chance(0.35) ? 'tools/call' : random.pick(METHODS)
  const params = { ...createParams(random, method), ...(meta === undefined ? {} : { _meta: meta }) }
  return {
    jsonrpc: '2.0',
    ...(kind < 0.15 || (method.startsWith('notifications/') && random.chance(0.8)) ? {} : { id }),
    method,
    ...(Object.keys(params).length === 0 && random.chance(0.5) ? {} : { params })
  }
}

function createParams (random: Random, method: string): Record<string, unknown> {
  switch (method) {
    case 'tools/call':
      return { name: random.pick(TOOLS), arguments: random.pick<unknown>([{ text: 'x', times: 1 }, {}, { agent: 'dust', message: 'Hello' }, { message: 'm', prompt: 'p' }]) }
    case 'initialize':
      return { protocolVersion: random.pick(VERSIONS), capabilities: random.pick<unknown>([{}, { elicitation: {} }]), clientInfo: { name: 'fuzz', version: '1' } }
    case 'resources/read':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
      return { uri: random.pick<unknown>(['test://static-text', 'test://template/1/data', 'test://%zz', 'nothing', '']) }
    case 'prompts/get':
      return { name: random.pick<unknown>(['test_simple_prompt', 'test_prompt_with_arguments', 'nothing', 'toString']), arguments: random.pick<unknown>([{}, { arg1: 'a', arg2: 'b' }]) }
    case 'completion/complete':
      return { ref: random.pick<unknown>([{ type: 'ref/prompt', name: 'test_prompt_with_arguments' }, { type: 'ref/resource', uri: 'x' }, {}]), argument: { name: 'arg1', value: 'p' } }
    case 'logging/setLevel':
      return { level: random.pick<unknown>(['debug', 'error', 'loud']) }
    case 'subscriptions/listen':
      return { notifications: random.pick<unknown>([{}, { toolsListChanged: true }, { resourceSubscriptions: ['test://watched-resource'] }]) }
    case 'notifications/cancelled':
      return { requestId: random.integer(0, 1_000_000) }
    case 'notifications/progress':
      return { progressToken: 1, progress: 1 }
    default:
      return random.chance(0.3) ? { cursor: random.pick<unknown>(['', 'x', 'MQ==']) } : {}
  }
}

function createRightMeta (random: Random): unknown {
  const token = random.chance(0.4) ? { progressToken: random.pick<unknown>([1, 'token']) } : {}
  if (random.chance(0.5)) return random.chance(0.5) ? undefined : token
  return {
    [PROTOCOL_VERSION_META_KEY]: '2026-07-28',
    [CLIENT_INFO_META_KEY]: { name: 'fuzz', version: '1' },
    [CLIENT_CAPABILITIES_META_KEY]: random.pick<unknown>([{}, { elicitation: {}, sampling: {}, roots: {} }]),
    ...(random.chance(0.2) ? { [LOG_LEVEL_META_KEY]: 'debug' } : {}),
    ...token
  }
}

/** Something like it, with parts that are missing, strange or of another revision. */
function createMeta (random: Random): unknown {
  const meta = { ...Object(createRightMeta(random)), ...(random.chance(0.2) ? { 'io.modelcontextprotocol/related-task': random.pick<unknown>([{ taskId: 'x' }, {}, 5]) } : {}) }
  if (PROTOCOL_VERSION_META_KEY in meta && random.chance(0.4)) meta[PROTOCOL_VERSION_META_KEY] = random.pick<unknown>([...VERSIONS, ...SCALARS])
  if ('progressToken' in meta && random.chance(0.3)) meta.progressToken = random.pick(SCALARS)
  if (random.chance(0.5)) return meta
  return Object.fromEntries(Object.entries(meta).filter(() => random.chance(0.7)).map(([key, value]) => [key, random.chance(0.2) ? random.pick(SCALARS) : value]))
}

const ASCII = /^[\x20-\x7e]*$/

function createHeaders (random: Random, message: unknown, isRight: boolean): Record<string, string> {
  const { method, params } = Object(message)
  const { name, uri, _meta } = Object(params)
  const revision = Object(_meta)[PROTOCOL_VERSION_META_KEY]
  const right: Record<string, unknown> = {
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': revision ?? '2025-11-25',
    ...(revision === undefined ? {} : { 'mcp-method': method, 'mcp-name': name ?? uri })
  }
  const headers = Object.fromEntries(Object.entries(right)
    .filter((entry): entry is [string, string] => typeof entry[1] === 'string' && ASCII.test(entry[1]))
    .filter(() => isRight || random.chance(0.95)))
  if (isRight || random.chance(0.3)) return headers

  const [header, values] = random.pick(STRANGE_HEADERS)
  return { ...headers, [header]: random.pick(values) }
}
