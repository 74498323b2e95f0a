import t, { type Test } from 'tap'
import { errorTypes } from '../../../src/emulator/error-types.ts'
import type { Operation } from '../../../src/emulator/operations.ts'
import { connectAs } from '../../e2e/clients/connect-as.ts'
import { readMetrics } from '../../fixtures/metrics.ts'
import { startEmulator, startService, until } from '../../helper.ts'

interface Call {
  tool: string
  /** What fails in Dust, and how the metrics name it. */
  operation: Operation
  endpoint: string
  args: Record<string, unknown>
  /** Whom to ask before: the ids of the answer, and of what that agent waits for, belong to the arguments. */
  after?: string
}

const FILE = { name: 'a.txt', contentType: 'text/plain', text: 'x' }
const VIEW = { spaceId: 'vlt_global', dataSourceViewId: 'dsv_handbook' }
const ASK = { agent: 'dust', message: 'Hello?' }
/** The tool of the agent dust. */
const AGENT_TOOL = 'dust_agent_dust_00q1'

// They wait for the pauses between tries, not for the processor.
t.jobs = 8

/** Every tool that talks with Dust, and each of its ways to fail there. */
const CALLS: Call[] = [
  { tool: 'dust_list_agents', operation: 'agents.list', endpoint: 'list_agents', args: {} },
  { tool: 'dust_get_agent', operation: 'agents.list', endpoint: 'list_agents', args: { agent: 'dust' } },
  { tool: 'dust_ask_agent', operation: 'conversations.create', endpoint: 'create_conversation', args: ASK },
  { tool: 'dust_ask_agent', operation: 'messages.create', endpoint: 'post_message', args: ASK, after: 'dust' },
  { tool: 'dust_ask_agent', operation: 'content_fragments.create', endpoint: 'attach_content', args: { ...ASK, attachments: [{ title: 'Note', text: 'x' }] }, after: 'dust' },
  { tool: AGENT_TOOL, operation: 'conversations.create', endpoint: 'create_conversation', args: { message: 'Hello?' } },
  { tool: AGENT_TOOL, operation: 'messages.create', endpoint: 'post_message', args: { message: 'Hello?' }, after: 'dust' },
  { tool: 'dust_get_conversation', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, after: 'dust' },
  { tool: 'dust_list_pending_approvals', operation: 'actions.blocked', endpoint: 'list_blocked_actions', args: {}, after: 'dust' },
  { tool: 'dust_answer_approval', operation: 'actions.blocked', endpoint: 'list_blocked_actions', args: { actionId: 'act_1', decision: 'reject' }, after: 'dust' },
  { tool: 'dust_answer_approval', operation: 'actions.validate', endpoint: 'validate_action', args: { decision: 'reject' }, after: 'deployer' },
  { tool: 'dust_answer_approval', operation: 'actions.answer', endpoint: 'answer_question', args: { words: 'Both' }, after: 'concierge' },
  { tool: 'dust_follow_run', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, after: 'dust' },
  { tool: 'dust_cancel_run', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, after: 'dust' },
  { tool: 'dust_cancel_run', operation: 'messages.cancel', endpoint: 'cancel_message', args: {}, after: 'deployer' },
  { tool: 'dust_retry_message', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, after: 'dust' },
  { tool: 'dust_retry_message', operation: 'messages.retry', endpoint: 'retry_message', args: {}, after: 'dust' },
  { tool: 'dust_upload_file', operation: 'files.create', endpoint: 'create_upload', args: FILE },
  { tool: 'dust_upload_file', operation: 'files.upload', endpoint: 'upload_file', args: FILE },
  { tool: 'dust_read_file', operation: 'files.read', endpoint: 'read_file', args: { uri: 'dust://files/fil_1' } },
  { tool: 'dust_read_file', operation: 'folder_files.read', endpoint: 'read_file', args: { uri: 'dust://conversations/c1/files/a.txt' } },
  { tool: 'dust_list_spaces', operation: 'spaces.list', endpoint: 'list_spaces', args: {} },
  { tool: 'dust_list_data_sources', operation: 'data_source_views.list', endpoint: 'list_data_source_views', args: { spaceId: VIEW.spaceId } },
  { tool: 'dust_search', operation: 'data_source_views.search', endpoint: 'search_documents', args: { ...VIEW, query: 'x' } },
  { tool: 'dust_search_nodes', operation: 'nodes.search', endpoint: 'search_nodes', args: { query: 'x', spaceIds: [VIEW.spaceId] } }
]

/** It shows what it knows even when Dust can't be asked. */
const NEVER_FAILS = ['dust_list_conversations']

const WHETHER_TO_RETRY = /(The same call may succeed later|The same call would fail again: change it, or have the cause fixed first|Whether it took effect is unknown: look before you call again)\.$/

/** With a client whose person can't be asked. */
async function start (t: Test, environment: Record<string, string> = {}) {
  const { emulator, environment: access } = await startEmulator(t)
  const { address } = await startService(t, { ...access, ...environment })
  const client = await connectAs(t, 'SDK v1', address, { canAnswer: false })
  return { faults: emulator.emulator.faults, address, client, key: access['DUST_API_KEY'] ?? '' }
}

async function countErrors (address: string, endpoint: string): Promise<number> {
  const counted = (await readMetrics(address)).nonZero('mcp_dust_server_dust_api_errors_total')
  return Object.entries(counted).filter(([labels]) => labels.includes(`endpoint="${endpoint}"`)).reduce((sum, [, value]) => sum + value, 0)
}

t.test('every tool is tried', async (t) => {
  const { client } = await start(t, { DUST_AGENT_TOOLS: 'true', DUST_AGENTS: 'dust' })
  await until(async () => (await client.tools()).includes(AGENT_TOOL))
  t.same(new Set([...CALLS.map(({ tool }) => tool), ...NEVER_FAILS]), new Set(await client.tools()))
})

for (const { tool, operation, endpoint, args, after } of CALLS) {
  t.test(`${tool}: every error of ${operation} tells the model what happened and whether to try again, and is counted`, { buffered: true }, async (t) => {
    const { address, client, faults, key } = await start(t, tool === AGENT_TOOL ? { DUST_AGENT_TOOLS: 'true' } : {})
    // After it, the agents are known.
    const { conversationId, waitingFor } = operation === 'agents.list' ? {} : (await client.call('dust_ask_agent', { ...ASK, agent: after ?? 'dust' })).structured
    const actionId: unknown = Object(Object(waitingFor)[0]).actionId
    const ids = after === undefined ? {} : { conversationId, ...(actionId === undefined ? {} : { actionId }) }
    let counted = await countErrors(address, endpoint)
    for (const [type, status] of errorTypes) {
      faults.replace([{ kind: 'error', operation, type, times: 'always' }])
      const before = counted
      const { isError, text } = await client.call(tool, { ...takenBy(tool, ids), ...args })
      t.equal(isError, true)
      const [, advice] = WHETHER_TO_RETRY.exec(text) ?? []
      t.ok(advice !== undefined && text.length > advice.length + 20 && !text.includes(key), `${status} ${type}: ${text}`)
      if (type === 'rate_limit_error' || type === 'service_unavailable') t.match(advice, /may succeed later/)
      counted = await countErrors(address, endpoint)
      t.ok(counted > before, 'it is counted')
    }
  })
}

/** Tools take nothing that they don't know. */
function takenBy (tool: string, { actionId, ...ids }: Record<string, unknown>): Record<string, unknown> {
  return tool === 'dust_answer_approval' && actionId !== undefined ? { ...ids, actionId } : ids
}

/** A stream that is not found is looked for again for a while: one type stands for all. */
const STREAM_ERRORS = [...errorTypes].filter(([type, status]) => status !== 404 || type === 'message_not_found')

for (const { tool, operation, endpoint, types } of [
  { tool: 'dust_ask_agent', operation: 'messages.events', endpoint: 'stream_events', types: STREAM_ERRORS },
  { tool: AGENT_TOOL, operation: 'messages.events', endpoint: 'stream_events', types: STREAM_ERRORS },
  { tool: 'dust_follow_run', operation: 'actions.blocked', endpoint: 'list_blocked_actions', types: [...errorTypes] }
] as const) {
  t.test(`${tool}: after every error of ${operation} the answer comes all the same, or how to get it, and the error is counted`, { buffered: true }, async (t) => {
    const { address, client, faults } = await start(t, { DUST_AGENT_TOOLS: 'true' })
    const { conversationId } = (await client.call('dust_ask_agent', { ...ASK, agent: 'deployer' })).structured
    const { agent, ...args } = ASK
    let counted = await countErrors(address, endpoint)
    for (const [type, status] of types) {
      faults.replace([{ kind: 'error', operation, type, times: 'always' }])
      const before = counted
      const { isError, structured, text } = await client.call(tool, { dust_ask_agent: { agent, ...args }, dust_follow_run: { conversationId } }[tool as string] ?? args)
      t.match(structured, isError ? { status: 'running', conversationId: String } : { status: 'succeeded' })
      t.match(text, isError ? /^[^]{20,} Stay with it with dust_follow_run\. Read its answer later/ : /You asked "Hello\?"/, `${status} ${type}`)
      counted = await countErrors(address, endpoint)
      t.ok(counted > before, 'it is counted')
    }
  })
}
