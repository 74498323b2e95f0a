import t from 'tap'
import { DustError, dustErrorKinds, dustOperations, type DustClient } from '../../../src/dust/client.ts'
import { errorTypes } from '../../../src/emulator/error-types.ts'
import { startEmulator } from './emulated-dust.ts'
import { connect, ref } from './scripted-dust.ts'

const action = { ...ref, actionId: 'act1' }
const file = { fileName: 'a.txt', contentType: 'text/plain', bytes: Buffer.from('x') }

/** Every call that ends with its answer, by its operation. A stream waits some errors out, so it isn't among them. */
const calls: Record<string, (client: DustClient) => Promise<unknown>> = {
  check_workspace: (client) => client.checkWorkspace(),
  list_agents: (client) => client.listAgents(),
  search_agents: (client) => client.searchAgents('x'),
  get_agent: (client) => client.getAgent('dust'),
  create_conversation: (client) => client.startRun({ agentId: 'dust', content: 'Hello' }),
  post_message: (client) => client.startRun({ agentId: 'dust', content: 'Hello', conversationId: 'c1' }),
  get_conversation: (client) => client.getConversation('c1', { limit: 1 }),
  cancel_message: (client) => client.cancel('c1', ['am1']),
  retry_message: (client) => client.retryMessage(ref),
  list_blocked_actions: (client) => client.blockedActions('c1'),
  validate_action: (client) => client.validateAction(action, 'approved'),
  answer_question: (client) => client.answerQuestion(action, { selectedOptions: [] }),
  create_upload: (client) => client.uploadFile(file),
  read_file: (client) => client.readFile({ fileId: 'fil_1' }),
  attach_content: (client) => client.attach('c1', { title: 'x', content: 'x', contentType: 'text/plain' }),
  list_spaces: (client) => client.listSpaces(),
  list_data_source_views: (client) => client.listDataSourceViews('vlt_global'),
  search_documents: (client) => client.searchDocuments({ spaceId: 'vlt_global', dataSourceViewId: 'dsv_handbook', query: 'x' }),
  search_nodes: (client) => client.searchNodes({ query: 'x', spaceIds: ['vlt_global'] })
}

async function failureOf (call: Promise<unknown>): Promise<DustError> {
  const error: unknown = await call.then(() => 'no error', (error: unknown) => error)
  if (error instanceof DustError) return error
  throw new Error(`It ended with ${String(error)}.`)
}

t.test('each of the calls is tried', (t) => {
  t.strictSame(dustOperations.filter((operation) => calls[operation] === undefined), ['stream_events', 'upload_file'])
  t.end()
})

t.test('every error of Dust, in every call, comes with its type, a kind and what to make of it', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey: 'sk-demo', agentsTtlMs: 0 })
  for (const [type, status] of errorTypes) {
    dust.emulator.faults.replace([{ kind: 'error', type, times: 'always' }])
    const wrong: unknown[] = []
    for (const [operation, call] of Object.entries(calls)) {
      const error = await failureOf(call(client))
      const isRight = error.operation === operation && error.type === type && error.status === status && dustErrorKinds.includes(error.kind) &&
        error.message.length > 20 && error.retryable === ['rate_limit_error', 'service_unavailable'].includes(type)
      if (!isRight) wrong.push([operation, error.message, error])
    }
    t.strictSame(wrong, [], type)
  }
})

t.test('an upload that Dust refuses when the file comes says why', async (t) => {
  const dust = await startEmulator(t)
  const client = connect(t, dust.baseUrl, { apiKey: 'sk-demo' })
  for (const [type, status] of errorTypes) {
    dust.emulator.faults.replace([{ kind: 'error', operation: 'files.upload', type }])
    const { operation, ...error } = await failureOf(client.uploadFile(file))
    t.match({ operation, ...error }, { operation: 'upload_file', type, status })
  }
})
