import t, { type Test } from 'tap'
import { CLIENTS, connectAs } from '../../e2e/clients/connect-as.ts'
import type { OfficialClient } from '../../e2e/clients/official-client.ts'
import { officialDust, valueOf } from '../../fixtures/official-dust.ts'
import { answerOf, connect, initialize, post, startEmulator, startService, toolCall, type RunningEmulator } from '../../helper.ts'

const ADA = 'ada-0123456789abcdef'
const BOB = 'bob-0123456789abcdef'
const withTokens = { AUTH_MODE: 'token', AUTH_TOKENS: `ada:${ADA},bob:${BOB}` }

interface Listed {
  conversationId: string
  title: string | null
  agent: { id: string, name: string }
}

function conversationsIn ({ structured }: { structured: Record<string, unknown> }): Listed[] {
  return structured['conversations'] as Listed[]
}

async function ask (client: OfficialClient, message: string, more: Record<string, unknown> = {}) {
  const { structured, isError, text } = await client.call('dust_ask_agent', { agent: 'dust', message, ...more })
  return { conversationId: String(structured['conversationId']), structured, isError, text }
}

/** A conversation that nobody has started through the service. */
function openInDust ({ emulator }: RunningEmulator): string {
  return emulator.emulator.workspace.open('Made in Dust', 'unlisted').conversation.sId
}

async function start (t: Test, environment: Record<string, string> = {}) {
  const dust = await startEmulator(t)
  return { dust, ...await startService(t, { ...dust.environment, ...environment }) }
}

for (const { kind } of CLIENTS) {
  t.test(`${kind}: a conversation belongs to who started it, and to others it does not exist`, async (t) => {
    const { address, dust } = await start(t, withTokens)
    const ada = await connectAs(t, kind, address, { token: ADA })
    const bob = await connectAs(t, kind, address, { token: BOB })
    const { conversationId } = await ask(ada, 'A secret?')

    const unknown = await bob.call('dust_get_conversation', { conversationId: 'nothing' })
    const said = dust.emulator.emulator.workspace.rooms.get(conversationId)?.current().length
    t.same(await bob.call('dust_get_conversation', { conversationId }), unknown, 'read, in the very words for one that is not there')
    t.match(await ask(bob, 'Tell me!', { conversationId }), { isError: true, text: unknown.text }, 'asked in')
    for (const [tool, args] of [
      ['dust_upload_file', { name: 'a.txt', contentType: 'text/plain', text: 'x', conversationId }],
      ['dust_read_file', { uri: `dust://conversations/${conversationId}/files/a.txt` }]
    ] as const) t.match(await bob.call(tool, args), { isError: true, text: unknown.text }, tool)
    const others = ['dust_list_pending_approvals', 'dust_follow_run', 'dust_cancel_run', 'dust_retry_message']
    for (const tool of others) t.match(await bob.call(tool, { conversationId }), { isError: true, text: unknown.text }, tool)
    t.match(await bob.call('dust_answer_approval', { conversationId, actionId: 'any', decision: 'approve' }), { isError: true, text: unknown.text }, 'decided in')
    t.equal(dust.emulator.emulator.workspace.rooms.get(conversationId)?.current().length, said, 'nothing came into it')
    t.same(conversationsIn(await bob.call('dust_list_conversations', {})), [])

    t.match((await ada.call('dust_get_conversation', { conversationId })).text, /A secret\?/)
    t.equal((await ask(ada, 'More?', { conversationId })).conversationId, conversationId)
    t.match(conversationsIn(await ada.call('dust_list_conversations', {})), [{ conversationId, agent: { id: 'dust', name: 'dust' } }])
  })
}

t.test('a conversation that was made in Dust itself is open to all who know its id', async (t) => {
  const { address, dust } = await start(t, withTokens)
  const conversationId = openInDust(dust)
  for (const token of [ADA, BOB]) {
    const client = await connectAs(t, 'SDK v1', address, { token })
    t.match(await client.call('dust_get_conversation', { conversationId }), { isError: false, text: /Made in Dust/ })
    t.equal((await ask(client, 'Hello?', { conversationId })).isError, false)
    t.same(conversationsIn(await client.call('dust_list_conversations', {})), [], 'it is nobody\'s')
  }
})

t.test('the official client of Dust sees the messages that are told of, and no others', async (t) => {
  const { address, dust } = await start(t)
  const client = await connectAs(t, 'SDK v1', address)
  const { conversationId } = await ask(client, 'First?')
  await ask(client, 'Second?', { conversationId, agent: 'unlucky' })
  const { content, title, url } = valueOf(await officialDust(dust).getConversation({ conversationId }))
  const seen = content.map((versions) => versions.at(-1)).map((message) => message?.type === 'agent_message'
    ? { id: message.sId, from: message.configuration.name, status: message.status, content: message.content ?? message.error?.message ?? '' }
    : { id: message?.sId, from: 'user', status: 'sent', content: message?.type === 'user_message' ? message.content : '' })
  const { structured } = await client.call('dust_get_conversation', { conversationId })
  t.match({ title: structured['title'], url: structured['url'] }, { title, url })
  t.same((structured['messages'] as Array<Record<string, unknown>>).map(({ id, from, status, content }) => ({ id, from, status, content })), seen)
})

t.test('lists what was used last first, page by page, with the titles that Dust gave', async (t) => {
  const { address, dust } = await start(t)
  const client = await connectAs(t, 'SDK v1', address)
  const ids: string[] = []
  for (const message of ['First?', 'Second?', 'Third?']) ids.push((await ask(client, message)).conversationId)
  await ask(client, 'Again?', { conversationId: ids[0] })

  const first = await client.call('dust_list_conversations', { limit: 2 })
  t.match(conversationsIn(first), [{ conversationId: ids[0], title: 'First?' }, { conversationId: ids[2], title: 'Third?' }])
  t.match(first.text, `id: ${ids[0]}`)
  const cursor = first.structured['nextCursor']
  t.match(first.text, String(cursor))
  const second = await client.call('dust_list_conversations', { limit: 2, cursor })
  t.match(conversationsIn(second), [{ conversationId: ids[1], title: 'Second?' }])
  t.notOk('nextCursor' in second.structured)

  const requests = dust.emulator.emulator.requests()['conversations.get']
  await client.call('dust_list_conversations', {})
  t.equal(dust.emulator.emulator.requests()['conversations.get'], requests, 'a title that is known is not asked for again')
  t.match(await client.call('dust_list_conversations', { cursor: 'nonsense' }), { isError: true, text: /begin again without one/ })
})

t.test('asks for a few titles only, however long the list is', async (t) => {
  const { address, dust, service } = await start(t)
  const client = await connectAs(t, 'SDK v1', address)
  const url = 'https://dust.tt/'
  for (let age = 0; age < 50; age++) {
    const now = Date.now() - age
    await service.store.conversations.add({ id: openInDust(dust), caller: 'anonymous', agent: { id: 'dust', name: 'dust' }, title: null, url, createdAt: now, usedAt: now })
  }
  const titles = conversationsIn(await client.call('dust_list_conversations', { limit: 50 })).map(({ title }) => title)
  t.same(titles, Array.from({ length: 50 }, (_, index) => index < 20 ? 'Made in Dust' : null))
})

t.test('lists what it knows while Dust can not be reached', async (t) => {
  const { address, dust } = await start(t)
  const client = await connectAs(t, 'SDK v1', address)
  const { conversationId } = await ask(client, 'Hello?')
  dust.emulator.emulator.faults.replace([{ kind: 'error', operation: 'conversations.get', times: 'always', status: 500, type: 'internal_server_error', message: '' }])
  t.match(conversationsIn(await client.call('dust_list_conversations', {})), [{ conversationId, title: null }])
})

t.test('keeps whose a conversation is over a restart, and nothing of what was said', async (t) => {
  const dust = await startEmulator(t)
  const environment = { ...dust.environment, ...withTokens, STORE_URL: `sqlite:${t.testdir()}/store.db` }
  const before = await startService(t, environment)
  const { conversationId } = await ask(await connectAs(t, 'SDK v1', before.address, { token: ADA }), 'Where is the treasure?')
  t.match(await before.service.store.conversations.list('ada', 10), [{ id: conversationId, caller: 'ada', title: null }])
  await before.service.close()

  const { address } = await startService(t, environment)
  t.match(await (await connectAs(t, 'SDK v1', address, { token: BOB })).call('dust_get_conversation', { conversationId }), { isError: true })
  t.match(conversationsIn(await (await connectAs(t, 'SDK v1', address, { token: ADA })).call('dust_list_conversations', {})), [{ conversationId }])
})

const MADE = [
  { title: 'table.csv', contentType: 'text/csv', uri: /^dust:\/\/files\/\w+$/ },
  { title: 'picture.png', contentType: 'image/png', uri: /^dust:\/\/files\/\w+$/ },
  { title: 'page.html', contentType: 'text/html', uri: /^dust:\/\/files\/\w+$/ },
  { title: 'notes.md', contentType: 'text/markdown', uri: /^dust:\/\/conversations\/\w+\/files\/conversation\/results\/notes%201\.md$/ }
]

t.test('tells of the files that an agent made, as links, but not of those that are its own business', async (t) => {
  const { address } = await start(t)
  const { client } = await connect(t, address)
  const asked = await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'clerk', message: 'Months?' } })
  const { conversationId } = Object(asked.structuredContent)
  const read = await client.callTool({ name: 'dust_get_conversation', arguments: { conversationId } })
  t.match(asked.structuredContent, { files: MADE })
  t.match(read.structuredContent, { messages: [{ from: 'user', files: [] }, { from: 'Clerk', files: MADE }] })
  for (const { content } of [asked, read]) {
    const links = (Array.isArray(content) ? content : []).filter(({ type }) => type === 'resource_link')
    t.match(links, MADE.map(({ title, contentType, uri }) => ({ name: title, mimeType: contentType, uri })))
    t.equal(links.length, MADE.length)
  }
})

t.test('spares clients of older revisions the links, which they do not know', async (t) => {
  const { address } = await start(t)
  for (const [protocolVersion, types] of [['2025-03-26', ['text']], ['2025-06-18', ['resource_link', 'text']]] as const) {
    const response = await post(address, { ...initialize, params: { ...initialize.params, protocolVersion } })
    const session = { 'mcp-session-id': response.headers.get('mcp-session-id') ?? '' }
    await response.body?.cancel()
    const { result } = Object(await answerOf(await post(address, toolCall(1, 'dust_ask_agent', { agent: 'clerk', message: 'Months?' }), session)))
    t.same(new Set(result.content.map(({ type }: { type: string }) => type)), new Set(types), protocolVersion)
    t.equal(result.structuredContent.files.length, MADE.length)
    t.match(result.content.at(-1).text, /Files: table\.csv \(dust:/)
  }
})
