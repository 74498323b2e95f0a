import t, { type Test } from 'tap'
import { errorTypes } from '../../../src/emulator/error-types.ts'
import type { Operation } from '../../../src/emulator/operations.ts'
import { connectAs } from '../../e2e/clients/connect-as.ts'
import { readMetrics } from '../../fixtures/metrics.ts'
import { startEmulator, startService } from '../../helper.ts'

interface Call {
  tool: string
  /** What fails in Dust, and how the metrics name it. */
  operation: Operation
  endpoint: string
  args: Record<string, unknown>
  /** Whether the id of a conversation belongs to the arguments. */
  inConversation?: boolean
}

const FILE = { name: 'a.txt', contentType: 'text/plain', text: 'x' }
const VIEW = { spaceId: 'vlt_global', dataSourceViewId: 'dsv_handbook' }
const ASK = { agent: 'dust', message: 'Hello?' }

/** Every tool that talks with Dust, and each of its ways to fail there. */
const CALLS: Call[] = [
  { tool: 'dust_list_agents', operation: 'agents.list', endpoint: 'list_agents', args: {} },
  { tool: 'dust_get_agent', operation: 'agents.list', endpoint: 'list_agents', args: { agent: 'dust' } },
  { tool: 'dust_ask_agent', operation: 'conversations.create', endpoint: 'create_conversation', args: ASK },
  { tool: 'dust_ask_agent', operation: 'messages.create', endpoint: 'post_message', args: ASK, inConversation: true },
  { tool: 'dust_ask_agent', operation: 'content_fragments.create', endpoint: 'attach_content', args: { ...ASK, attachments: [{ title: 'Note', text: 'x' }] }, inConversation: true },
  { tool: 'dust_get_conversation', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, inConversation: true },
  { tool: 'dust_list_pending_approvals', operation: 'actions.blocked', endpoint: 'list_blocked_actions', args: {}, inConversation: true },
  { tool: 'dust_answer_approval', operation: 'actions.blocked', endpoint: 'list_blocked_actions', args: { actionId: 'act_1', decision: 'reject' }, inConversation: true },
  { tool: 'dust_follow_run', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, inConversation: true },
  { tool: 'dust_cancel_run', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, inConversation: true },
  { tool: 'dust_retry_message', operation: 'conversations.get', endpoint: 'get_conversation', args: {}, inConversation: true },
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

async function start (t: Test) {
  const { emulator, environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  return { faults: emulator.emulator.faults, address, client: await connectAs(t, 'SDK v1', address), key: environment['DUST_API_KEY'] ?? '' }
}

t.test('every tool is tried', async (t) => {
  const { client } = await start(t)
  t.same(new Set([...CALLS.map(({ tool }) => tool), ...NEVER_FAILS]), new Set(await client.tools()))
})

for (const { tool, operation, endpoint, args, inConversation = false } of CALLS) {
  t.test(`${tool}: every error of ${operation} tells the model what happened and whether to try again, and is counted`, async (t) => {
    const { address, client, faults, key } = await start(t)
    // After it, the agents are known.
    const { conversationId } = operation === 'agents.list' ? {} : (await client.call('dust_ask_agent', ASK)).structured
    for (const [type, status] of errorTypes) {
      faults.replace([{ kind: 'error', operation, type, times: 'always' }])
      const { isError, text } = await client.call(tool, inConversation ? { ...args, conversationId } : args)
      t.equal(isError, true)
      const [, advice] = WHETHER_TO_RETRY.exec(text) ?? []
      t.ok(advice !== undefined && text.length > advice.length + 20 && !text.includes(key), `${status} ${type}: ${text}`)
      if (type === 'rate_limit_error' || type === 'service_unavailable') t.match(advice, /may succeed later/)
    }
    const counted = (await readMetrics(address)).nonZero('mcp_dust_server_dust_api_errors_total')
    const count = Object.entries(counted).filter(([labels]) => labels.includes(`endpoint="${endpoint}"`)).reduce((sum, [, value]) => sum + value, 0)
    t.ok(count >= errorTypes.size, `${count} errors were counted`)
  })
}
