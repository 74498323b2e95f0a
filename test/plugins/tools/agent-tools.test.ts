import type { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import type { EmulatorOptions } from '../../../src/emulator/app.ts'
import { CLIENTS, connectAs } from '../../e2e/clients/connect-as.ts'
import { readMetrics } from '../../fixtures/metrics.ts'
import { connect, startEmulator, startService, until } from '../../helper.ts'

async function start (t: Test, environment: Record<string, string> = {}, options: EmulatorOptions = {}) {
  const { emulator, environment: access } = await startEmulator(t, options)
  const settings = { ...access, DUST_AGENT_TOOLS: 'true', DUST_AGENTS_TTL: '50ms', ...environment }
  return { dust: emulator.emulator, settings, serve: () => startService(t, settings) }
}

interface Listed {
  name: string
  title?: string | undefined
  description?: string | undefined
}

/** The tools of single agents, from all pages. */
async function agentTools (client: Client): Promise<Listed[]> {
  const tools: Listed[] = []
  let cursor: string | undefined
  do {
    const page = await client.listTools(cursor === undefined ? {} : { cursor })
    tools.push(...page.tools)
    cursor = page.nextCursor
  } while (cursor !== undefined)
  return tools.filter(({ name }) => name.startsWith('dust_agent_'))
}

async function toolOf (client: Client, title: string): Promise<string> {
  let tool: Listed | undefined
  await until(async () => {
    tool = (await agentTools(client)).find((candidate) => candidate.title === title)
    return tool !== undefined
  })
  return tool?.name ?? ''
}

async function call (client: Client, name: string, args: Record<string, unknown>) {
  const result = await client.callTool({ name, arguments: args })
  const content: unknown[] = Array.isArray(result.content) ? result.content : []
  return { text: String(Object(content[0]).text), isError: result.isError === true, structured: Object(result.structuredContent) }
}

t.test('each agent is a tool, which answers like dust_ask_agent', async (t) => {
  const { serve } = await start(t)
  const { address } = await serve()
  const { client } = await connect(t, address)
  const name = await toolOf(client, 'Researcher')
  const tool = (await agentTools(client)).find((candidate) => candidate.name === name)
  t.match(tool, {
    name: /^dust_agent_researcher_[0-9a-z]{4}$/,
    description: /^Searches company data and the web, and tells what it finds\./,
    inputSchema: { required: ['message'] },
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true }
  })
  t.ok(readFileSync(path.join(import.meta.dirname, '..', '..', '..', 'docs', 'agents.md'), 'utf8').includes(`\`${name}\``), 'as the documentation has it')
  const first = await call(client, name, { message: 'Who makes the best bread?' })
  t.match(first.structured, { status: 'succeeded', agent: { id: 'researcher' }, answer: /bread/ })
  const { conversationId } = first.structured
  t.match((await call(client, name, { message: 'And cake?', conversationId })).structured, { conversationId, answer: /Who makes the best bread\?/ })
  t.match(await call(client, name, { question: 'Hello' }), { isError: true, text: /Invalid arguments/ })
  t.match((await call(client, await toolOf(client, 'Unlucky'), { message: 'Try' })), { isError: true, structured: { status: 'failed' } })
  t.match((await call(client, await toolOf(client, 'Deployer'), { message: 'Go' })).structured, { status: 'waiting_for_approval', waitingFor: [{ agent: 'Deployer' }] })

  const metrics = await readMetrics(address)
  const labels = { mcp_method_name: 'tools/call', gen_ai_tool_name: 'dust_agent_*' }
  t.equal(metrics.value('mcp_server_operation_duration_seconds_count', labels), 3)
  t.equal(metrics.value('mcp_server_operation_duration_seconds_count', { ...labels, error_type: 'tool_error' }), 2)
  t.notOk(metrics.series.some((series) => series.includes('dust_agent_researcher')), 'no agent has a label of its own')
})

t.test('300 agents have valid names of their own, which depend on nobody else', async (t) => {
  const { dust, serve } = await start(t)
  const { agents } = dust.workspace
  const odd = {
    team1: 'Sales Team', team2: 'sales-team', team3: 'SALES   TEAM!', emoji1: '🚀', emoji2: '🚀🚀', arabic: 'مبيعات', hebrew: 'מכירות', cjk: '営業', accents: 'Übersetzer für Élysée', long: 'The agent that does it '.repeat(10), plain: 'x', blank: ' '
  }
  for (const [sId, name] of Object.entries(odd)) agents.add({ sId, name })
  agents.fillUpTo(300)
  const { client } = await connect(t, (await serve()).address)
  await until(async () => (await agentTools(client)).length > 0)
  const tools = await agentTools(client)
  t.equal(tools.length, 300, 'all that are active')
  t.equal(new Set(tools.map(({ name }) => name)).size, tools.length)
  for (const { name } of tools) t.match(name, /^(?=.{1,64}$)dust_agent_[a-z0-9]+(_[a-z0-9]+)*$/)
  const named = (title: string): string => tools.find((tool) => tool.title === title)?.name ?? ''
  t.match(Object.values(odd).map(named), [
    /^dust_agent_sales_team_\w{4}$/, /^dust_agent_sales_team_\w{4}$/, /^dust_agent_sales_team_\w{4}$/, /^dust_agent_emoji1_\w{4}$/, /^dust_agent_emoji2_\w{4}$/, /^dust_agent_arabic_\w{4}$/,
    /^dust_agent_hebrew_\w{4}$/, /^dust_agent_cjk_\w{4}$/, /^dust_agent_ubersetzer_fur_elysee_\w{4}$/, /^dust_agent_the_agent_that_does_it_the_agent_that_do_\w{4}$/, /^dust_agent_x_\w{4}$/, /^dust_agent_blank_\w{4}$/
  ])

  for (const { sId } of agents.configurations()) if (!Object.keys(odd).includes(sId)) agents.change(sId, { status: 'archived' })
  const { client: other } = await connect(t, (await serve()).address)
  await until(async () => (await agentTools(other)).length > 0)
  const few = await agentTools(other)
  t.equal(few.length, Object.keys(odd).length)
  for (const { name, title } of few) t.equal(name, named(title ?? ''), 'in another process, without the others')
  t.match((await call(other, named('مبيعات'), { message: 'Hello' })).structured, { status: 'succeeded', agent: { id: 'arabic', name: 'مبيعات' } })
})

for (const { kind } of CLIENTS) {
  t.test(`${kind} is told once when agents come, go and change, and what became of an old name`, async (t) => {
    const { dust, serve } = await start(t)
    dust.workspace.agents.fillUpTo(300)
    const { address } = await serve()
    const { client } = await connect(t, address)
    const [researcher, dustTool] = [await toolOf(client, 'Researcher'), await toolOf(client, 'dust')]
    const lists: string[][] = []
    const watching = await connectAs(t, kind, address, { onTools: (names) => { lists.push(names) } })
    await until(async () => Object.keys((await readMetrics(address)).nonZero('mcp_dust_server_sse_streams_open')).length > 0)
    t.same(lists, [])
    dust.workspace.agents.change('researcher', { name: 'Finder' })
    dust.workspace.agents.change('essayist', { status: 'archived' })
    dust.workspace.agents.add({ name: 'Newcomer' })
    await until(() => lists.length > 0)
    const finder = await toolOf(client, 'Finder')
    t.ok(lists[0]?.includes(finder))
    t.notOk(lists[0]?.includes(researcher))
    t.ok(lists[0]?.includes(dustTool), 'the others keep their names')
    const looks = dust.requests()['agents.list'] ?? 0
    await until(() => (dust.requests()['agents.list'] ?? 0) >= looks + 3)
    t.equal(lists.length, 1, 'once')

    const renamed = await watching.call(researcher, { message: 'Hello' })
    t.match(renamed, { isError: true, text: `The agent has another name now: call ${finder} (Finder).` })
    const archived = await watching.call('dust_agent_essayist_0000', { message: 'Hello' })
    t.match(archived, { isError: true, text: /There is no tool dust_agent_essayist_0000, or not any more: its agent was archived[^]*These are there: dust_agent_\w+ \(.+\), .*dust_list_agents lists all/ })
    t.match((await watching.call(finder, { message: 'Hello' })).structured, { status: 'succeeded', agent: { id: 'researcher', name: 'Finder' } })
  })
}

t.test('starts without Dust, and has the tools when Dust is back', async (t) => {
  const { dust, serve } = await start(t)
  dust.faults.replace([{ kind: 'error', status: 401, type: 'invalid_api_key_error', message: 'No.', operation: 'agents.list', times: 'always' }])
  const { address, logLines } = await serve()
  const { client } = await connect(t, address)
  await until(() => logLines.join('').includes('the list of agents could not be refreshed'))
  t.same(await agentTools(client), [])
  t.match(await call(client, 'dust_agent_dust_0000', { message: 'Hello' }), { isError: true, text: /No agent can be asked now/ })
  dust.faults.clear()
  t.match((await call(client, await toolOf(client, 'dust'), { message: 'Hello' })).structured, { status: 'succeeded' })
})

t.test('a tool that a client knows from before the start is there before it is called', async (t) => {
  const { serve } = await start(t)
  const { client } = await connect(t, (await serve()).address)
  const name = await toolOf(client, 'dust')
  const { service } = await serve()
  const { result } = await service.mcp.inject('tools/call', { name, arguments: { message: 'Hello' } })
  t.match(result.structuredContent, { status: 'succeeded' })
})

t.test('an operator chooses which agents are offered, by id or name, wherever they could be asked', async (t) => {
  const { dust, serve } = await start(t, { DUST_AGENTS: 'dust, TEAM LEAD, nobody' })
  const { address, logLines } = await serve()
  const { client } = await connect(t, address)
  await until(async () => (await agentTools(client)).length > 0)
  t.same((await agentTools(client)).map(({ title }) => title).sort(), ['Team lead', 'dust'])
  t.same((await call(client, 'dust_list_agents', {})).structured.agents.map(({ id }: { id: string }) => id), ['dust', 'teamlead'])
  for (const agent of ['researcher', 'Researcher']) {
    t.match(await call(client, 'dust_ask_agent', { agent, message: 'Hello' }), { isError: true, text: /No single agent is called/ })
    t.match(await call(client, 'dust_get_agent', { agent }), { isError: true })
  }
  t.equal(dust.workspace.runs.size, 0)
  t.match((await call(client, 'dust_ask_agent', { agent: '@dust', message: 'Hello' })).structured, { status: 'succeeded' })

  const room = dust.workspace.open(null, 'unlisted')
  dust.workspace.post(room, { content: 'Try', context: { username: 'ada', timezone: 'UTC' }, mentions: [{ configurationId: 'unlucky' }], skipToolsValidation: false })
  await until(() => room.current().at(-1)?.type === 'agent_message' && [...dust.workspace.runs.values()].every(({ message }) => message.status !== 'created'))
  t.match(await call(client, 'dust_retry_message', { conversationId: room.conversation.sId }), { isError: true, text: /Unlucky is not offered here/ })
  t.equal(logLines.filter((line) => line.includes('DUST_AGENTS names agents that are not there') && line.includes('nobody')).length, 1)
})

t.test('an operator can do without', async (t) => {
  for (const environment of [{ DUST_AGENT_TOOLS: 'false' }, { DUST_TOOLS: 'conversations' }]) {
    const { dust, serve } = await start(t, environment)
    const { service } = await serve()
    t.notOk(service.mcp.toolNames.some((name) => name.startsWith('dust_agent_')))
    t.equal(dust.requests()['agents.list'], undefined)
  }
})
