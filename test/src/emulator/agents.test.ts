import t from 'tap'
import type { Agent } from '../../../src/dust/types.ts'
import { startEmulator } from './caller.ts'

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
