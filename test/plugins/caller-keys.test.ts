import type { FastifyRequest } from 'fastify'
import t, { type Test } from 'tap'
import { CLIENTS, connectAs, type ClientKind } from '../e2e/clients/connect-as.ts'
import type { OfficialClient } from '../e2e/clients/official-client.ts'
import { startDustWorkspaces } from '../fixtures/dust-workspaces.ts'
import { readMetrics } from '../fixtures/metrics.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { answerOf, initialize, JSON_HEADERS, openSession, post, startService, startServiceAlone, toolCall, until } from '../helper.ts'

const ADA = { 'x-dust-api-key': 'sk-ada0123456789abcdef', 'x-dust-workspace-id': 'north' }
const BOB = { 'x-dust-api-key': 'sk-bob0123456789abcdef', 'x-dust-workspace-id': 'south' }
const EVE = { 'x-dust-api-key': 'sk-eve0123456789abcdef', 'x-dust-workspace-id': 'north' }
const PASSTHROUGH = { DUST_KEY_PASSTHROUGH: 'true' }
/** What `startServiceAlone` says isn't there. */
const NO_KEY = { DUST_API_KEY: '', DUST_WORKSPACE_ID: '' }

/** Two workspaces, of which Ada and Eve have a key of their own of one, and Bob of the other. */
async function start (t: Test, environment: Record<string, string> = {}, pace = 0) {
  const { address: dust, emulators } = await startDustWorkspaces(t, { north: [ADA['x-dust-api-key'], EVE['x-dust-api-key']], south: [BOB['x-dust-api-key']] }, { pace })
  emulators.north.workspace.agents.add({ name: 'Polar', sId: 'polar' })
  emulators.south.workspace.agents.add({ name: 'Penguin', sId: 'penguin' })
  return { ...emulators, dust, ...await startService(t, { DUST_BASE_URL: dust, ...PASSTHROUGH, ...environment }) }
}

async function ask (client: OfficialClient, agent: string, message: string, more: Record<string, unknown> = {}) {
  const { structured, isError, text } = await client.call('dust_ask_agent', { agent, message, ...more })
  return { conversationId: String(structured['conversationId']), isError, text }
}

function connectBoth (t: Test, kind: ClientKind, address: string) {
  return Promise.all([ADA, BOB, EVE].map((headers) => connectAs(t, kind, address, { headers })))
}

for (const { kind } of CLIENTS) {
  t.test(`${kind}: each caller has the agents, conversations and files of their own key, and no others`, async (t) => {
    const { address, north, south } = await start(t)
    const [ada, bob, eve] = await connectBoth(t, kind, address)
    if (ada === undefined || bob === undefined || eve === undefined) throw new Error('not connected')

    for (const [client, has, lacks] of [[ada, 'polar', 'penguin'], [bob, 'penguin', 'polar'], [eve, 'polar', 'penguin']] as const) {
      for (const seen of [(await client.call('dust_list_agents', {})).text, await client.read('dust://agents')]) {
        t.match(seen, has)
        t.notMatch(seen, lacks)
      }
      t.same(await client.complete('ask_agent', 'agent', 'p').then((names) => names.filter((name) => /^p(olar|enguin)$/i.test(name)).map((name) => name.toLowerCase())), [has])
      t.match(await client.call('dust_get_agent', { agent: lacks }), { isError: true, text: /No single agent is called/ })
      t.match(await client.prompt('ask_agent', { agent: has, question: 'Why?' }), has)
    }

    const { conversationId } = await ask(ada, 'polar', 'A secret?')
    t.equal(north.workspace.rooms.size, 1)
    t.equal(south.workspace.rooms.size, 0)
    const { structured: { fileId, uri } } = await ada.call('dust_upload_file', { name: 'a.txt', contentType: 'text/plain', text: 'of the north', conversationId })

    for (const stranger of [bob, eve]) {
      const unknown = await stranger.call('dust_get_conversation', { conversationId: 'nothing' })
      const said = north.workspace.rooms.get(conversationId)?.current().length
      t.same(await stranger.call('dust_get_conversation', { conversationId }), unknown, 'read')
      t.match(await ask(stranger, 'dust', 'Tell me!', { conversationId }), { isError: true, text: unknown.text }, 'asked in')
      for (const tool of ['dust_list_pending_approvals', 'dust_follow_run', 'dust_cancel_run', 'dust_retry_message']) {
        t.match(await stranger.call(tool, { conversationId }), { isError: true, text: unknown.text }, tool)
      }
      t.match(await stranger.call('dust_answer_approval', { conversationId, actionId: 'any', decision: 'approve' }), { isError: true, text: unknown.text })
      t.match(await stranger.call('dust_read_file', { uri: `dust://conversations/${conversationId}/files/a.txt` }), { isError: true, text: unknown.text })
      await t.rejects(stranger.read(`dust://conversations/${conversationId}`), /not found/)
      t.same((await stranger.call('dust_list_conversations', {})).structured['conversations'], [])
      t.same(await stranger.completeUri('dust://conversations/{id}', 'id', ''), [])
      t.equal(north.workspace.rooms.get(conversationId)?.current().length, said, 'nothing came into it')
    }
    t.match(await bob.call('dust_read_file', { uri: String(uri) }), { isError: true, text: /Dust knows no such file/ }, 'Bob\'s key doesn\'t open it')
    t.ok(fileId)

    t.match((await ada.call('dust_get_conversation', { conversationId })).text, /A secret\?/)
    t.equal((await ask(ada, 'polar', 'More?', { conversationId })).conversationId, conversationId)
    t.match((await ada.call('dust_list_conversations', {})).structured['conversations'], [{ conversationId }])
    t.match(await ada.completeUri('dust://conversations/{id}', 'id', ''), [conversationId])
  })
}

t.test('a session is of the key that opened it: to every other one it does not exist', async (t) => {
  const { address } = await start(t, { AUTH_MODE: 'token', AUTH_TOKENS: 'ada:the-token-of-ada-is-long,bob:the-token-of-bob-is-long' })
  const token = (name: string) => ({ authorization: `Bearer the-token-of-${name}-is-long` })
  const session = await openSession(address, {}, { ...token('ada'), ...ADA })
  const ask = async (method: string, headers: Record<string, string>): Promise<unknown> => {
    const response = await fetch(`${address}/mcp`, { method, headers: { ...JSON_HEADERS, ...headers }, ...(method === 'POST' ? { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) } : {}) })
    return [response.status, await response.text()]
  }
  const strangers: Array<[string, Record<string, string>]> = [
    ['another key', { ...token('ada'), ...BOB }],
    ['another key of the workspace', { ...token('ada'), ...EVE }],
    ['the key for another workspace', { ...token('ada'), ...ADA, 'x-dust-workspace-id': 'south' }],
    ['the key under another name', { ...token('bob'), ...ADA }]
  ]
  for (const [name, headers] of strangers) {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const unknown = await ask(method, { ...headers, 'mcp-session-id': 'there-is-no-such-session' })
      t.same(await ask(method, { ...headers, ...session }), unknown, `${name}: ${method}`)
      t.match(unknown, [404, /Session not found/])
      t.same(await ask(method, { ...headers, ...session, 'last-event-id': 'standalone.1' }), unknown, `${name}: ${method}, resuming`)
    }
  }
  t.match(await ask('POST', { ...token('ada'), ...ADA, ...session }), [200, /result/], 'and it is still there')
})

t.test('a request state is of the key with which the call was made', async (t) => {
  const { address } = await start(t, { EXTRA_PLUGINS: './test/fixtures/interview-plugin.ts' })
  const call = async (headers: Record<string, string>, more: Record<string, unknown> = {}): Promise<unknown> =>
    answerOf(await postStateless(address, 'tools/call', { name: 'interview', arguments: { agent: 'polar' }, ...more }, { capabilities: { elicitation: {} }, headers }))
  const first = Object(await call(ADA))
  t.match(first, { result: { resultType: 'input_required' } })
  const retry = { requestState: first.result.requestState, inputResponses: { topic: { action: 'accept', content: { topic: 'ice' } } } }
  for (const headers of [BOB, EVE]) t.match(await call(headers, retry), { error: { code: -32602, message: 'Invalid or expired requestState' } })
  t.match(await call(ADA, retry), { result: { resultType: 'input_required', inputRequests: { verdict: {} } } })
})

t.test('what is no key, or no pair of key and workspace, is refused in every lane, and never repeated', async (t) => {
  const on = await startServiceAlone(t, { ...PASSTHROUGH, ...NO_KEY })
  const both = await startServiceAlone(t, PASSTHROUGH)
  const off = await startServiceAlone(t)
  const { 'x-dust-api-key': key, 'x-dust-workspace-id': workspace } = ADA
  const cases: Array<[string, typeof on, Record<string, string>, RegExp]> = [
    ['none, and the server has none', on, {}, /needs your own key of Dust: send x-dust-api-key and x-dust-workspace-id/],
    ['no workspace', on, { 'x-dust-api-key': key }, /x-dust-workspace-id is missing/],
    ['no key', on, { 'x-dust-workspace-id': workspace }, /x-dust-api-key is missing/],
    ['no workspace, though the server has one', both, { 'x-dust-api-key': key }, /x-dust-workspace-id is missing/],
    ['an empty key', on, { ...ADA, 'x-dust-api-key': '' }, /x-dust-api-key must be one API key/],
    ['something else', on, { ...ADA, 'x-dust-api-key': 'ada0123456789abcdef' }, /x-dust-api-key must be one API key/],
    ['two words', on, { ...ADA, 'x-dust-api-key': `${key} ${key}` }, /x-dust-api-key must be one API key/],
    ['a bearer', on, { ...ADA, 'x-dust-api-key': `Bearer ${key}` }, /x-dust-api-key must be one API key/],
    ['a long one', on, { ...ADA, 'x-dust-api-key': `sk-${'a'.repeat(5000)}` }, /x-dust-api-key must be one API key/],
    ['a path', on, { ...ADA, 'x-dust-workspace-id': '../south' }, /x-dust-workspace-id must be one id/],
    ['a query', on, { ...ADA, 'x-dust-workspace-id': 'north?x=1' }, /x-dust-workspace-id must be one id/],
    ['nothing for a workspace', on, { ...ADA, 'x-dust-workspace-id': '' }, /x-dust-workspace-id must be one id/],
    ['not wanted', off, ADA, /takes no keys of its callers/]
  ]
  for (const [name, { address }, headers, message] of cases) {
    const before = (await readMetrics(address)).value('mcp_dust_server_auth_failures_total', { reason: 'dust_key' })
    const responses = [
      await post(address, initialize, headers),
      await postStateless(address, 'tools/list', {}, { headers }),
      await fetch(`${address}/mcp`, { headers: { ...JSON_HEADERS, ...headers } }),
      await fetch(`${address}/mcp`, { method: 'DELETE', headers: { ...JSON_HEADERS, ...headers } })
    ]
    for (const response of responses) {
      t.equal(response.status, 400, name)
      const text = await response.text()
      t.match(JSON.parse(text), { jsonrpc: '2.0', id: null, error: { code: -32000, message } }, name)
      t.notMatch(text, /0123456789|south|aaaa/)
    }
    t.equal((await readMetrics(address)).value('mcp_dust_server_auth_failures_total', { reason: 'dust_key' }) - before, responses.length, name)
  }
  t.notMatch([...on.logLines, ...both.logLines, ...off.logLines].join('\n'), /0123456789abcdef|aaaaaaaa/)
})

t.test('two headers of one name are no key', async (t) => {
  const { address } = await startServiceAlone(t, { ...PASSTHROUGH, ...NO_KEY })
  const headers = new Headers({ ...JSON_HEADERS, ...ADA })
  headers.append('x-dust-api-key', BOB['x-dust-api-key'])
  const response = await fetch(`${address}/mcp`, { method: 'POST', headers, body: JSON.stringify(initialize) })
  t.equal(response.status, 400)
})

t.test('a name that looks like one with a key is nobody\'s', async (t) => {
  const { address } = await startServiceAlone(t, PASSTHROUGH, (service) => {
    const say = async (request: FastifyRequest): Promise<void> => { request.caller = String(request.headers['x-name']) }
    service.get('/name', { onRequest: [say, service.callerKeys.take] }, async ({ caller }) => caller)
  })
  const nameOf = async (name: string, headers = {}) => (await fetch(`${address}/name`, { headers: { 'x-name': name, ...headers } })).text()
  t.equal(await nameOf('ada#short'), 'ada#short')
  const keyed = await nameOf('ada', ADA)
  t.match(keyed, /^ada#[\w-]{22}$/)
  for (const headers of [{}, ADA]) t.match(await nameOf(keyed, headers), /this name can't be used here/)
})

for (const { kind } of [CLIENTS[0], CLIENTS[3]]) {
  t.test(`${kind}: a key that Dust refuses is told to the one who brought it`, async (t) => {
    const { address } = await start(t)
    const cases: Array<[string, Record<string, string>, RegExp]> = [
      ['a wrong one', { ...ADA, 'x-dust-api-key': 'sk-wrong0123456789' }, /Dust refused your API key: check x-dust-api-key, and that your workspace is in the region/],
      ['that of another workspace', { ...BOB, 'x-dust-workspace-id': 'north' }, /Your API key belongs to another workspace: check that x-dust-api-key and x-dust-workspace-id belong together/]
    ]
    for (const [name, headers, words] of cases) {
      const client = await connectAs(t, kind, address, { headers })
      for (const call of [client.call('dust_list_agents', {}), client.call('dust_ask_agent', { agent: 'dust', message: 'Hi?' }), client.call('dust_list_spaces', {})]) {
        const { isError, text } = await call
        t.ok(isError, name)
        t.match(text, words, name)
        t.notMatch(text, /DUST_|0123456789/, name)
      }
      await t.rejects(client.read('dust://agents'), words, name)
    }
  })
}

t.test('without a key of its own the server leaves out what needs one, and says so', async (t) => {
  const { address, service, logLines } = await start(t, { DUST_AGENT_TOOLS: 'true' })
  t.match(await (await fetch(`${address}/health`)).json(), { status: 'ok', checks: { dustApi: { status: 'off', reason: /DUST_KEY_PASSTHROUGH/ }, database: { status: 'ok' } } })
  t.equal((await fetch(`${address}/ready`)).status, 200)
  const page = await readMetrics(address)
  t.notOk(page.series.some((series) => series.includes('check="dustApi"')), 'no alert fires about what isn\'t looked at')
  t.same(service.mcp.toolNames.filter((name) => name.startsWith('dust_agent_')), [], 'all callers see the same tools')
  t.equal(service.dust.own, null)
  t.throws(() => service.dust.for({ caller: 'anonymous', credential: null }), { name: 'DustError', message: /your own key/ })
  t.notMatch(logLines.join('\n'), /callers who bring no key/)
})

t.test('the key of the server is for those who bring none, and for nobody else', async (t) => {
  const { address, service, logLines, north, south } = await start(t, { DUST_API_KEY: BOB['x-dust-api-key'], DUST_WORKSPACE_ID: 'south', DUST_AGENT_TOOLS: 'true' })
  t.match(logLines.join('\n'), /callers who bring no key of their own use DUST_API_KEY/)
  await until(async () => Object((await (await fetch(`${address}/health`)).json())).checks.dustApi.status === 'ok')
  const plain = await connectAs(t, 'SDK v1', address)
  const ada = await connectAs(t, 'SDK v1', address, { headers: ADA })
  const bob = await connectAs(t, 'SDK v1', address, { headers: BOB })
  t.notOk((await plain.tools()).some((name) => name.startsWith('dust_agent_')))
  t.match(await plain.call('dust_list_agents', {}), { text: /penguin/ })
  t.match(await ada.call('dust_list_agents', {}), { text: /polar/ })
  const { conversationId } = await ask(plain, 'penguin', 'Mine?')
  t.same([north.workspace.rooms.size, south.workspace.rooms.size], [0, 1])
  t.match(await bob.call('dust_get_conversation', { conversationId }), { isError: true, text: /knows no such conversation/ }, 'who brings the same key is somebody else')
  const { caller } = Object(JSON.parse(logLines.findLast((line) => line.includes('"dust_get_conversation"')) ?? '{}')).mcp
  t.match(caller, /^anonymous#[\w-]{22}$/)
  t.throws(() => service.dust.for({ caller, credential: null }), { name: 'DustError', message: /your own key/ }, 'what is asked for with a key is done with no other')
  const { result } = await service.mcp.inject('tools/call', { name: 'dust_list_agents' }, { caller })
  t.match(result, { isError: true, content: [{ text: /your own key of Dust, which did not come along/ }] })
})

t.test('the list of agents is kept for each key, and asked for once', async (t) => {
  const { address, north, south } = await start(t)
  const list = (headers: Record<string, string>) => postStateless(address, 'tools/call', { name: 'dust_list_agents', arguments: {} }, { headers }).then(answerOf)
  for (let turn = 0; turn < 5; turn++) await Promise.all([list(ADA), list(BOB), list(EVE)])
  t.same([north.requests()['agents.list'], south.requests()['agents.list']], [2, 1])
})

t.test('a made-up key never stands in the queue for a run before those that Dust takes', async (t) => {
  const { address } = await start(t, { DUST_MAX_RUNS: '1' }, 1)
  const ada = await connectAs(t, 'SDK v1', address, { headers: ADA })
  const ended = new AbortController()
  const running = ada.call('dust_ask_agent', { agent: 'essayist', message: 'At length?' }, { signal: ended.signal, onProgress: () => {} })
  await until(async () => (await readMetrics(address)).value('mcp_dust_server_agent_runs_in_progress') === 1)
  const stranger = await connectAs(t, 'SDK v1', address, { headers: { ...ADA, 'x-dust-api-key': 'sk-madeup0123456789' } })
  const progress: string[] = []
  const { isError, text } = await stranger.call('dust_ask_agent', { agent: 'dust', message: 'Me?' }, { onProgress: ({ message }) => { progress.push(message) } })
  t.ok(isError)
  t.match(text, /refused your API key/)
  t.same(progress, [])
  ended.abort()
  await t.rejects(running)
})

t.test('routes of plugins can take a key, too', async (t) => {
  const { address } = await start(t, {}, 0).then(({ dust }) => startService(t, { DUST_BASE_URL: dust, ...PASSTHROUGH }, (service) => {
    service.get('/agents', { onRequest: [service.security.refuseStrangers, service.auth.identify, service.callerKeys.take] }, async (request) =>
      ({ headers: request.headers, raw: request.raw.rawHeaders, agents: (await service.dust.for(request).listAgents()).map(({ sId }) => sId) }))
  }))
  t.equal((await fetch(`${address}/agents`)).status, 400)
  const text = await (await fetch(`${address}/agents`, { headers: BOB })).text()
  t.match(text, /penguin/)
  t.notMatch(text, /bob0123456789/, 'and no hook after that sees it')
})

t.test('a session that ends, and a call in it, are like all others', async (t) => {
  const { address } = await start(t)
  const session = await openSession(address, {}, ADA)
  t.match(await answerOf(await post(address, toolCall(1, 'dust_list_agents'), { ...session, ...ADA })), { result: { content: [{ text: /polar/ }] } })
  t.equal((await fetch(`${address}/mcp`, { method: 'DELETE', headers: { ...JSON_HEADERS, ...session, ...ADA } })).status, 200)
  t.equal((await post(address, toolCall(2, 'dust_list_agents'), { ...session, ...ADA })).status, 404)
})
