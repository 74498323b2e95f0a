import t from 'tap'
import type { Agent } from '../../../src/dust/types.ts'
import { context, startEmulator } from './caller.ts'

interface AgentList { agentConfigurations: Agent[] }

t.test('a view narrows the list of agents', async (t) => {
  const { sendJson } = await startEmulator(t)
  const idsIn = async (view: string) => (await sendJson<AgentList>('GET', `/assistant/agent_configurations?view=${view}`)).body.agentConfigurations.map(({ sId }) => sId)
  t.same(await idsIn('global'), ['dust', 'librarian'])
  t.same(await idsIn('published'), await idsIn('workspace'))
  t.equal((await idsIn('published')).includes('dust'), false)
  t.equal((await sendJson('GET', '/assistant/agent_configurations?view=nonsense')).status, 400)
})

t.test('agents are found by a part of their name', async (t) => {
  const { sendJson } = await startEmulator(t)
  const { body } = await sendJson<AgentList>('GET', '/assistant/agent_configurations/search?q=NOV')
  t.same(body.agentConfigurations.map(({ sId }) => sId), ['novelist'])
  t.match(await sendJson('GET', '/assistant/agent_configurations/search'), { status: 400, body: { error: { message: /^Invalid query parameters: / } } })
})

t.test('one agent is read by its sId, unless it is unknown or hidden', async (t) => {
  const { sendJson } = await startEmulator(t)
  t.match(await sendJson('GET', '/assistant/agent_configurations/essayist'), { status: 200, body: { agentConfiguration: { name: 'Essayist' } } })
  t.match(await sendJson('GET', '/assistant/agent_configurations/essayist?variant=full'), { status: 200, body: { agentConfiguration: { actions: [] } } })
  t.match(await sendJson('GET', '/assistant/agent_configurations/nobody'), { status: 404, body: { error: { type: 'agent_configuration_not_found' } } })
  t.match(await sendJson('GET', '/assistant/agent_configurations/draftsman'), {
    status: 403, body: { error: { type: 'workspace_auth_error', message: 'Only admins can access unpublished agents.' } }
  })
})

t.test('spaces come by kind', async (t) => {
  const { sendJson } = await startEmulator(t)
  const { body } = await sendJson<{ spaces: Array<{ kind: string }> }>('GET', '/spaces?kinds=project,regular')
  t.same(body.spaces.map(({ kind }) => kind), ['regular', 'project'])
})

t.test('three hundred agents, some with awkward names, are always the same ones', async (t) => {
  const first = await startEmulator(t, { agents: 300 })
  const { body } = await first.sendJson<AgentList>('GET', '/assistant/agent_configurations')
  const active = body.agentConfigurations.filter(({ status }) => status === 'active')
  t.equal(active.length, 300)
  const names = active.map(({ name }) => name)
  t.equal(new Set(active.map(({ sId }) => sId)).size, 300)
  t.equal(new Set(names).size, 300)
  const slugs = names.map((name) => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '_').replaceAll(/^_+|_+$/g, ''))
  t.ok(slugs.filter((slug) => slug === 'sales_emea').length >= 2)
  t.ok(slugs.filter((slug) => slug === '').length >= 2)
  t.ok(names.some((name) => /\p{Emoji_Presentation}/u.test(name)))
  t.ok(names.some((name) => /\p{Script=Hebrew}/u.test(name)) && names.some((name) => /\p{Script=Arabic}/u.test(name)))
  const second = await startEmulator(t)
  t.match(await second.control('PUT', '/crowd', { agents: 300 }), { status: 200, body: { agents: 300 } })
  t.same((await second.sendJson<AgentList>('GET', '/assistant/agent_configurations')).body.agentConfigurations.map(({ name }) => name), body.agentConfigurations.map(({ name }) => name))
  t.equal((await second.sendJson<AgentList>('GET', '/assistant/agent_configurations/search?q=finance%20analyst')).body.agentConfigurations.length, 4)
})

t.test('agents come, change and go; a message keeps the agent that it was for', async (t) => {
  const { control, sendJson, ask, ended } = await startEmulator(t)
  const list = async () => (await sendJson<AgentList>('GET', '/assistant/agent_configurations?view=published')).body.agentConfigurations
  t.match(await control('POST', '/agents', { name: 'Newcomer', sId: 'newcomer', description: 'Just arrived.', like: 'sprinter' }), { status: 200, body: { agent: { sId: 'newcomer', name: 'Newcomer', status: 'active' } } })
  t.match((await list()).find(({ sId }) => sId === 'newcomer'), { description: 'Just arrived.' })
  const { mId, cId } = await ask('newcomer', 'Hello?')
  t.match(await ended(mId), { agentId: 'newcomer', content: /^I stop here/ })

  t.match(await control('PATCH', '/agents/newcomer', { name: '🦊 Renamed' }), { body: { agent: { name: '🦊 Renamed', version: 4 } } })
  t.match((await list()).find(({ sId }) => sId === 'newcomer'), { name: '🦊 Renamed' })
  t.match((await sendJson('GET', `/assistant/conversations/${cId}`)).body, { conversation: { content: [[{}], [{ configuration: { name: 'Newcomer' } }]] } })

  await control('PATCH', '/agents/newcomer', { status: 'archived' })
  t.notOk((await list()).some(({ sId }) => sId === 'newcomer'))
  t.match(await sendJson('POST', '/assistant/conversations', { message: { content: 'x', mentions: [{ configurationId: 'newcomer' }], context } }), { status: 400, body: { error: { type: 'agent_inaccessible' } } })
})

t.test('a wrong order about agents is refused', async (t) => {
  const { control } = await startEmulator(t)
  t.match(await control('POST', '/agents', { name: 'Dust', sId: 'dust' }), { status: 400 })
  t.match(await control('POST', '/agents', { name: 'X', like: 'nobody' }), { status: 400 })
  t.match(await control('POST', '/agents', {}), { status: 400 })
  t.match(await control('PATCH', '/agents/nobody', { name: 'X' }), { status: 404, body: { error: { type: 'agent_configuration_not_found' } } })
  t.match(await control('PATCH', '/agents/dust', {}), { status: 400 })
  t.match(await control('PUT', '/crowd', { agents: -1 }), { status: 400 })
})
