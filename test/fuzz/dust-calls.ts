import type { Random } from '../../src/emulator/random.ts'
import type { Called, OfficialClient } from '../e2e/clients/official-client.ts'
import { oneOf } from './caller.ts'
import { PROMPT } from './request-cases.ts'

/** Ids that Dust gave out, or that look as if. */
export interface Known {
  conversations: string[]
  messages: string[]
  actions: string[]
  uris: string[]
  files: string[]
  cursors: string[]
}

/** `marathoner` would outlast every test. */
const AGENTS = ['dust', 'essayist', 'researcher', 'deployer', 'quartermaster', 'concierge', 'surveyor', 'teamlead', 'clerk', 'proofreader', 'unlucky', 'archivist', 'sprinter', 'secretary', 'bookkeeper', 'doorman', 'retired', 'draftsman', 'nobody'] as const
const SPACES = ['vlt_global', 'vlt_crew', 'vlt_launch', 'unknown'] as const
const VIEWS: readonly [[string, string], ...Array<[string, string]>] = [['vlt_global', 'dsv_handbook'], ['vlt_global', 'dsv_notion'], ['vlt_crew', 'dsv_docs'], ['unknown', 'unknown']]
const KEPT = 40
const TIMEOUT = { timeout: 90_000 }

export function createKnown (): Known {
  return { conversations: [], messages: [], actions: [], uris: [], files: [], cursors: [] }
}

type Call = (client: OfficialClient, random: Random, known: Known) => Promise<Called | null>

/** Everything that makes the server ask Dust, each about as often as it's worth. */
const CALLS: readonly [Call, ...Call[]] = [
  ...repeat(6, tool('dust_ask_agent', (random, known) => ({
    agent: random.pick(AGENTS),
    message: `${PROMPT} ${random.integer(1, 500)}?`,
    ...(random.chance(0.3) ? { conversationId: oneOf(random, known.conversations, 'unknown') } : {}),
    ...(random.chance(0.2) ? { attachments: [random.chance(0.5) ? { title: 'a', text: PROMPT } : { title: 'b', fileId: oneOf(random, known.files, 'unknown') }] } : {})
  }))),
  ...repeat(2, tool('dust_follow_run', (random, known) => ({ conversationId: oneOf(random, known.conversations, 'unknown'), ...(random.chance(0.5) ? { messageId: oneOf(random, known.messages, 'unknown') } : {}) }))),
  tool('dust_retry_message', (random, known) => ({ conversationId: oneOf(random, known.conversations, 'unknown') })),
  tool('dust_cancel_run', (random, known) => ({ conversationId: oneOf(random, known.conversations, 'unknown') })),
  tool('dust_list_pending_approvals', (random, known) => ({ conversationId: oneOf(random, known.conversations, 'unknown') })),
  tool('dust_answer_approval', (random, known) => ({ conversationId: oneOf(random, known.conversations, 'unknown'), actionId: oneOf(random, known.actions, 'unknown'), decision: random.pick(['approve', 'reject']) })),
  ...repeat(2, tool('dust_list_agents', () => ({}))),
  tool('dust_list_agents', () => ({ filter: 'e' })),
  tool('dust_get_agent', (random) => ({ agent: random.pick(AGENTS) })),
  tool('dust_list_conversations', () => ({ limit: 20 })),
  ...repeat(2, tool('dust_get_conversation', (random, known) => ({ conversationId: oneOf(random, known.conversations, 'unknown') }))),
  ...repeat(2, tool('dust_upload_file', (random, known) => ({ name: `${PROMPT}.txt`, contentType: 'text/plain', text: PROMPT.repeat(random.integer(1, 50)), ...(random.chance(0.3) ? { conversationId: oneOf(random, known.conversations, 'unknown') } : {}) }))),
  ...repeat(2, tool('dust_read_file', (random, known) => ({ uri: oneOf(random, known.uris, 'dust://files/unknown') }))),
  ...repeat(2, tool('dust_list_spaces', () => ({}))),
  ...repeat(2, tool('dust_list_data_sources', (random) => ({ spaceId: random.pick(SPACES) }))),
  ...repeat(2, tool('dust_search', (random) => {
    const [spaceId, dataSourceViewId] = random.pick(VIEWS)
    return { query: 'holiday', spaceId, dataSourceViewId }
  })),
  ...repeat(2, tool('dust_search_nodes', (random, known) => ({ query: 'launch', limit: 20, ...(random.chance(0.3) ? { cursor: oneOf(random, known.cursors, 'unknown') } : {}) }))),
  reading((random, known) => oneOf(random, known.uris, 'dust://files/unknown')),
  reading((random) => random.pick(['dust://agents', 'dust://agents/dust', 'dust://conversations'])),
  reading((random, known) => `dust://conversations/${encodeURIComponent(oneOf(random, known.conversations, 'unknown'))}`),
  silently((client, random) => client.prompt('ask_agent', { agent: random.pick(AGENTS), question: PROMPT })),
  silently((client) => client.complete('ask_agent', 'agent', 'd')),
  silently((client) => client.completeUri('dust://agents/{id}', 'id', 'e')),
  silently((client) => client.completeUri('dust://conversations/{id}', 'id', '')),
  silently((client) => client.tools()),
  silently((client) => client.resources()),
  async (client, random) => {
    // Agents that Dust made up are offered as tools, too.
    const tools = await client.tools()
    const [first = 'dust_list_agents', ...others] = tools
    return client.call(random.pick([first, ...others]), { message: `${PROMPT}?`, agent: 'dust' }, TIMEOUT)
  }
]

/** Makes one call and remembers what can be called next. `null` when it isn't the call of a tool. */
export async function makeCall (client: OfficialClient, random: Random, known: Known): Promise<Called | null> {
  const called = await random.pick(CALLS)(client, random, known)
  if (called !== null) learn(known, called.structured)
  return called
}

function learn (known: Known, { conversationId, messageId, fileId, uri, nextCursor, waitingFor, files }: Record<string, unknown>): void {
  const waiting: unknown[] = Array.isArray(waitingFor) ? waitingFor : []
  const made: unknown[] = Array.isArray(files) ? files : []
  for (const [list, values] of [
    [known.conversations, [conversationId]], [known.messages, [messageId]], [known.files, [fileId]], [known.cursors, [nextCursor]],
    [known.uris, [uri, ...made.map((file) => Object(file).uri)]], [known.actions, waiting.map((need) => Object(need).actionId)]
  ] as const) {
    for (const value of values) if (typeof value === 'string' && value !== '') list.push(value.slice(0, 200))
    list.splice(0, list.length - KEPT)
  }
}

function tool (name: string, argumentsOf: (random: Random, known: Known) => Record<string, unknown>): Call {
  return (client, random, known) => client.call(name, argumentsOf(random, known), random.chance(0.5) ? { ...TIMEOUT, onProgress: () => {} } : TIMEOUT)
}

function reading (uriOf: (random: Random, known: Known) => string): Call {
  return silently((client, random, known) => client.read(uriOf(random, known)))
}

function silently (work: (client: OfficialClient, random: Random, known: Known) => Promise<unknown>): Call {
  return async (client, random, known) => {
    await work(client, random, known)
    return null
  }
}

function repeat (times: number, call: Call): [Call, ...Call[]] {
  return [call, ...Array.from({ length: times - 1 }, () => call)]
}
