import { CLIENT_CAPABILITIES_META_KEY, CLIENT_INFO_META_KEY, PROTOCOL_VERSION_META_KEY } from '@modelcontextprotocol/server'
import { createRandom, type Random } from '../../src/emulator/random.ts'
import { JSON_HEADERS } from '../helper.ts'
import { authorization, oneOf, SESSIONS_EACH, type Caller } from './caller.ts'
import { chooseHostile, toHostileText } from './hostile-json.ts'
import { createCase, type RoutingCase } from './routing-cases.ts'

/** A request that an HTTP client can send. */
export interface RequestCase extends Pick<RoutingCase, 'method' | 'headers' | 'body'> {
  kind: string
  caller: Caller
  /** Whose session it uses, and the place of it; `null` for none of those that there are. */
  session: { owner: Caller, slot: number } | null
  /** What it must be answered with, when only one thing is right. */
  status?: number
}

/** Stands in every prompt, so that it's found where it may not be. */
export const PROMPT = 'quokka-5d20'
export const UNKNOWN_ID = '00000000-0000-4000-8000-000000000000'

const AGENTS = ['dust', 'sprinter', 'researcher', 'clerk', 'deployer', 'unlucky', 'Dust', 'nobody'] as const
const TOOLS: Readonly<Record<string, (random: Random) => Record<string, unknown>>> = {
  dust_ask_agent: (random) => ({ agent: random.pick(AGENTS), message: `${PROMPT} ${random.integer(1, 50)}?`, ...(random.chance(0.2) ? { conversationId: 'unknown' } : {}), ...(random.chance(0.1) ? { attachments: [{ title: 'a', text: PROMPT }] } : {}) }),
  dust_list_agents: () => ({}),
  dust_get_agent: (random) => ({ agent: random.pick(AGENTS) }),
  dust_follow_run: () => ({ conversationId: 'unknown' }),
  dust_cancel_run: () => ({ conversationId: 'unknown' }),
  dust_retry_message: () => ({ conversationId: 'unknown', messageId: 'unknown' }),
  dust_list_pending_approvals: () => ({ conversationId: 'unknown' }),
  dust_answer_approval: () => ({ conversationId: 'unknown', actionId: 'unknown', decision: 'approve' }),
  dust_list_conversations: (random) => ({ limit: random.integer(1, 20) }),
  dust_get_conversation: () => ({ conversationId: 'unknown', last: 2 }),
  dust_upload_file: () => ({ name: 'a.txt', contentType: 'text/plain', text: PROMPT }),
  dust_read_file: (random) => ({ uri: random.pick(['dust://files/unknown', 'dust://conversations/a/files/b', 'dust://files/', 'file:///etc/passwd']), offset: 0, limit: 10 }),
  dust_list_spaces: () => ({}),
  dust_list_data_sources: () => ({ spaceId: 'unknown' }),
  dust_search: () => ({ query: PROMPT, spaceId: 'unknown', dataSourceViewId: 'unknown' }),
  dust_search_nodes: () => ({ query: 'handbook', limit: 3 })
}
const METHODS: ReadonlyArray<[string, (random: Random) => Record<string, unknown>]> = [
  ['resources/read', (random) => ({ uri: random.pick(['dust://agents', 'dust://agents/dust', 'dust://conversations', 'dust://conversations/unknown', 'dust://files/%00', 'dust://conversations/a/files/../../b']) })],
  ['completion/complete', () => ({ ref: { type: 'ref/prompt', name: 'ask_agent' }, argument: { name: 'agent', value: 'd' }, context: { arguments: { agent: 'dust' } } })],
  ['prompts/get', () => ({ name: 'ask_agent', arguments: { agent: 'dust', question: PROMPT } })],
  ['tools/list', () => ({})],
  ['resources/subscribe', () => ({ uri: 'dust://conversations/unknown' })],
  ['ping', () => ({})]
]
const FORMATS = ['application/json; charset=utf-8', 'application/json; charset=utf-16', 'application/json;;', 'APPLICATION/JSON', 'application/json; charset=x; charset=y', 'application/json\t', 'text/json', 'multipart/form-data; boundary=x', 'application/json, text/plain'] as const
/** What a client may come back with although it was never given it. */
const EVENT_IDS = ['standalone.1', 'standalone.999999999999999', 'standalone.9999999999999999999', `${UNKNOWN_ID}.1`, `${UNKNOWN_ID}~%22x%22.0`, `${UNKNOWN_ID}~%.1`, `task-${UNKNOWN_ID}~1.1`, 'constructor.1', '__proto__.0', '.', '-1', '1e9', 'a.b.c.5', `${'x'.repeat(8000)}.1`, `x.${'9'.repeat(4000)}`, '%00.1', '../x.1', 'standalone.-1'] as const

/** One of the callers sends something, the same for the same seed, number and what it was given before. */
export function createRequest (seed: number, number: number, callers: readonly [Caller, ...Caller[]]): RequestCase {
  const random = createRandom('request', seed, number)
  const caller = random.pick(callers)
  const session = { owner: caller, slot: random.integer(0, SESSIONS_EACH - 1) }
  const chance = random.next()
  if (chance < 0.4) {
    const { slot, headers, ...rest } = createCase(seed, number)
    return { ...rest, kind: 'routing', caller, session: slot === null ? null : { owner: caller, slot: slot % SESSIONS_EACH }, headers: { ...headers, ...authorization(caller) } }
  }
  const base = { caller, session, method: 'POST' as const, headers: { ...JSON_HEADERS, ...authorization(caller) } }
  if (chance < 0.75) return createCall(random, base)
  if (chance < 0.83) return createTaskRequest(random, base)
  if (chance < 0.92) return createResume(random, base, callers)
  return createIntrusion(random, base, callers)
}

function createCall (random: Random, base: Omit<RequestCase, 'kind' | 'body'>): RequestCase {
  const isTool = random.chance(0.7)
  const [name, argumentsOf] = random.pick(isTool ? entriesOf(TOOLS) : entriesOf(Object.fromEntries(METHODS)))
  const isStateless = random.chance(0.3)
  const meta = {
    ...(random.chance(0.3) ? { progressToken: random.pick<unknown>(['p', 7]) } : {}),
    ...(isStateless ? { [PROTOCOL_VERSION_META_KEY]: '2026-07-28', [CLIENT_INFO_META_KEY]: { name: 'fuzz', version: '1' }, [CLIENT_CAPABILITIES_META_KEY]: {} } : {})
  }
  const params = {
    ...(isTool ? { name, arguments: argumentsOf(random) } : argumentsOf(random)),
    ...(isTool && !isStateless && random.chance(0.15) ? { task: random.pick<unknown>([{}, { ttl: 60_000 }, { ttl: -1 }, { ttl: 1e300 }, 5]) } : {}),
    ...(Object.keys(meta).length > 0 ? { _meta: meta } : {})
  }
  const message = { jsonrpc: '2.0', id: random.chance(0.1) ? chooseHostile(random) : random.integer(0, 2 ** 31), method: isTool ? 'tools/call' : name, params }
  const headers = {
    ...base.headers,
    ...(isStateless ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': message.method, ...namesOf(params) } : {}),
    ...(random.chance(0.03) ? { 'content-type': random.pick(FORMATS) } : {})
  }
  const body = random.chance(0.6) ? toHostileText(random, message) : JSON.stringify(message)
  return { ...base, kind: isTool ? 'tool' : 'method', session: isStateless ? null : base.session, headers, body }
}

function namesOf (params: object): Record<string, string> {
  const { name, uri } = Object(params) as { name?: string, uri?: string }
  const named = name ?? uri
  return named === undefined ? {} : { 'mcp-name': named }
}

function createTaskRequest (random: Random, base: Omit<RequestCase, 'kind' | 'body'>): RequestCase {
  const taskId = random.chance(0.5) ? oneOf(random, base.caller.taskIds, UNKNOWN_ID) : random.chance(0.5) ? UNKNOWN_ID : chooseHostile(random)
  const method = random.pick(['tasks/get', 'tasks/result', 'tasks/cancel', 'tasks/list'])
  const message = { jsonrpc: '2.0', id: random.integer(0, 2 ** 31), method, params: method === 'tasks/list' ? { cursor: taskId } : { taskId } }
  return { ...base, kind: 'task', body: toHostileText(random, random.chance(0.7) ? message : { ...message, params: { taskId, extra: message } }) }
}

function createResume (random: Random, base: Omit<RequestCase, 'kind' | 'body'>, callers: readonly [Caller, ...Caller[]]): RequestCase {
  const eventId = random.chance(0.5) ? oneOf(random, random.pick(callers).eventIds, 'standalone.0') : random.pick(EVENT_IDS)
  return { ...base, kind: 'resume', method: 'GET', body: null, headers: { ...authorization(base.caller), accept: 'text/event-stream', 'last-event-id': random.chance(0.9) ? eventId : `${eventId}${random.integer(0, 99)}` } }
}

/** Without a right credential, with another caller's session, from a page or under a name that may not: there is one answer to each. */
function createIntrusion (random: Random, base: Omit<RequestCase, 'kind' | 'body'>, callers: readonly [Caller, ...Caller[]]): RequestCase {
  const [method, body, headers] = random.pick<[RequestCase['method'], string | null, Record<string, string>]>([
    ['POST', JSON.stringify({ jsonrpc: '2.0', id: 1, method: random.pick(['ping', 'tools/list', 'tasks/list']) }), base.headers],
    ['POST', JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tasks/get', params: { taskId: UNKNOWN_ID } }), base.headers],
    ['GET', null, { ...authorization(base.caller), accept: 'text/event-stream', ...(random.chance(0.5) ? { 'last-event-id': 'standalone.0' } : {}) }],
    ['DELETE', null, authorization(base.caller)]
  ])
  const intrusion = { ...base, method, body, headers }
  const [other] = callers.filter(({ name }) => name !== base.caller.name)
  if (other === undefined || random.chance(0.4)) {
    const [header, value] = random.pick<[string, string]>([['host', 'evil.example'], ['host', '127.0.0.1.evil.example:80'], ['origin', 'https://evil.example'], ['origin', 'null'], ['host', 'localhost.']])
    return { ...intrusion, kind: 'stranger', headers: { ...headers, [header]: value }, status: 403 }
  }
  if (random.chance(0.5)) return { ...intrusion, kind: 'foreign', session: { owner: other, slot: base.session?.slot ?? 0 }, status: 404 }
  const { authorization: _right, ...without } = { authorization: '', ...headers }
  const wrong = random.pick<Record<string, string>>([{}, { authorization: 'Bearer x' }, { authorization: 'Basic YTpi' }, { authorization: `Bearer ${base.caller.token ?? ''}x` }, { authorization: 'Bearer' }, { authorization: `Bearer ${'a'.repeat(6000)}` }, { authorization: 'Bearer \u00ff\u00fe' }])
  return { ...intrusion, kind: 'uninvited', headers: { ...without, ...wrong }, status: 401 }
}

function entriesOf<Value> (record: Readonly<Record<string, Value>>): readonly [[string, Value], ...Array<[string, Value]>] {
  const [first, ...others] = Object.entries(record)
  if (first === undefined) throw new Error('Nothing to choose from')
  return [first, ...others]
}
