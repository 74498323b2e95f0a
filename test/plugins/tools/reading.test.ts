import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { connect, startEmulator, startService } from '../../helper.ts'

async function call (client: Client, name: string, args: Record<string, unknown> = {}) {
  const result = await client.callTool({ name, arguments: args })
  const content: unknown[] = Array.isArray(result.content) ? result.content : []
  return { text: String(Object(content[0]).text), isError: result.isError === true, structured: Object(result.structuredContent) as Record<string, unknown> }
}

t.test('every tool tells a model what it is for', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const { tools } = await client.listTools()
  t.same(tools.map(({ name }) => name).sort(), [
    'dust_answer_approval', 'dust_ask_agent', 'dust_cancel_run', 'dust_follow_run', 'dust_get_agent', 'dust_get_conversation', 'dust_list_agents',
    'dust_list_conversations', 'dust_list_data_sources', 'dust_list_pending_approvals', 'dust_list_spaces', 'dust_read_file', 'dust_retry_message',
    'dust_search', 'dust_search_nodes', 'dust_upload_file'
  ])
  for (const { name, title, description, inputSchema, outputSchema, annotations } of tools) {
    t.match(name, /^dust_[a-z_]+$/)
    t.ok(title && description && description.length > 60, `${name} is described`)
    t.match(inputSchema, { type: 'object' })
    t.match(outputSchema, { type: 'object' })
    t.equal(typeof annotations?.readOnlyHint, 'boolean')
    t.equal(annotations?.openWorldHint, true)
  }
})

t.test('a tool that changes something says so', async (t) => {
  const { environment } = await startEmulator(t)
  const hints = async (settings: Record<string, string> = {}) => {
    const { client } = await connect(t, (await startService(t, { ...environment, ...settings })).address)
    const { tools } = await client.listTools()
    return Object.fromEntries(tools.map(({ name, annotations = {} }) => [name, [annotations.readOnlyHint, annotations.destructiveHint, annotations.idempotentHint]]))
  }
  t.match(await hints(), {
    dust_list_pending_approvals: [true],
    dust_ask_agent: [false, false, false],
    dust_follow_run: [false, false, true],
    dust_answer_approval: [false, true, true],
    dust_cancel_run: [false, true, true],
    dust_retry_message: [false, true, false]
  })
  t.match(await hints({ DUST_SKIP_TOOLS_VALIDATION: 'true' }), { dust_ask_agent: [false, true, false], dust_follow_run: [false, true, true] }, 'with tools that nobody is asked about')
})

t.test('the pages tell of every tool, resource and prompt', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const { tools } = await client.listTools()
  const page = readFileSync('docs/tools.md', 'utf8')
  t.same(new Set([...page.matchAll(/^\| (?:`\w+` )?\| `(dust_\w+)` \|/gm)].map(([, name]) => name)), new Set(tools.map(({ name }) => name)))
  const { resources } = await client.listResources()
  const { resourceTemplates } = await client.listResourceTemplates()
  t.same(
    new Set([...page.matchAll(/^\| `(dust:[^`]+)` \|/gm)].map(([, uri]) => uri)),
    new Set([...resources.map(({ uri }) => uri), ...resourceTemplates.map(({ uriTemplate }) => uriTemplate)]))
  for (const { name } of (await client.listPrompts()).prompts) t.match(page, `| \`${name}\` |`)
  for (const { name, inputSchema } of tools) {
    const row = page.split('\n').find((line) => line.includes(`| \`${name}\` |`))
    for (const argument of Object.keys(inputSchema.properties ?? {})) t.match(row, `\`${argument}\``, name)
  }
})

t.test('the tools take the examples of the page', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const { tools } = await client.listTools()
  const examples = [...readFileSync('docs/tools.md', 'utf8').matchAll(/^\| [^|]+ \| `(dust_\w+)` \| `(\{.*\})` \|$/gm)]
  t.ok(examples.length > 12)
  const ajv = new Ajv2020({ strict: false })
  for (const [, name, example = ''] of examples) {
    const isFit = ajv.compile(Object(tools.find((tool) => tool.name === name)?.inputSchema))
    t.ok(isFit(JSON.parse(example)), `${name} ${example}: ${ajv.errorsText(isFit.errors)}`)
  }
})

t.test('offers no tools of an area that is switched off', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, DUST_TOOLS: 'files, conversations' })
  const { client } = await connect(t, address)
  t.same((await client.listTools()).tools.map(({ name }) => name), ['dust_list_conversations', 'dust_get_conversation', 'dust_upload_file', 'dust_read_file'])
  await t.rejects(call(client, 'dust_ask_agent', { agent: 'dust', message: 'Hello' }), { message: /Unknown tool/ })
})

t.test('lists the agents that can be asked', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const all = await call(client, 'dust_list_agents')
  const ids = (all.structured['agents'] as Array<{ id: string }>).map(({ id }) => id)
  t.ok(ids.includes('researcher'))
  t.notOk(ids.includes('retired'), 'an archived agent is not listed')
  t.match(all.text, /- Researcher \(id: researcher\): Searches/)

  const filtered = await call(client, 'dust_list_agents', { filter: ' COMPANY data ' })
  t.match(filtered.structured['agents'], [{ id: 'researcher', name: 'Researcher' }])
  t.match((await call(client, 'dust_list_agents', { filter: 'zzz' })).text, /No agent matches/)
})

t.test('describes one agent', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  t.match((await call(client, 'dust_get_agent', { agent: 'Team lead' })).structured, { id: 'teamlead', name: 'Team lead', status: 'active' })
  const unknown = await call(client, 'dust_get_agent', { agent: 'teamled' })
  t.equal(unknown.isError, true)
  t.match(unknown.text, /Team lead \(id: teamlead\)/)
})

t.test('reads a conversation, whole or the last messages', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const { client } = await connect(t, address)
  const { structured: { conversationId, answer } } = await call(client, 'dust_ask_agent', { agent: 'dust', message: 'First?' })
  await call(client, 'dust_ask_agent', { agent: 'unlucky', message: 'Second?', conversationId })
  const whole = await call(client, 'dust_get_conversation', { conversationId })
  t.match(whole.structured['messages'], [
    { from: 'user', status: 'sent', content: 'First?' },
    { from: 'dust', status: 'succeeded', content: answer },
    { from: 'user', status: 'sent', content: 'Second?' },
    { from: 'Unlucky', status: 'failed' }
  ])
  t.match(whole.text, /## user \(sent\)\nFirst\?/)
  const last = await call(client, 'dust_get_conversation', { conversationId, last: 1 })
  t.match(last.structured['messages'], [{ from: 'Unlucky' }])
  const none = await call(client, 'dust_get_conversation', { conversationId: 'nowhere' })
  t.equal(none.isError, true)
  t.match(none.text, /conversation/i)
})

t.test('says what to do when Dust refuses the key', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, { ...environment, DUST_API_KEY: 'sk-wrong' })
  const { client } = await connect(t, address)
  const refused = await call(client, 'dust_list_agents')
  t.equal(refused.isError, true)
  t.match(refused.text, /DUST_API_KEY/)
  t.notMatch(refused.text, /sk-wrong/)
})
