import t from 'tap'
import { connect, fail, json, startDust } from './scripted-dust.ts'

const agents = { agentConfigurations: [{ sId: 'a1', name: 'One', status: 'active', newField: 1 }, { sId: 'a2', status: 'archived' }, { sId: 'a3', status: 'active' }, 'odd'] }

t.test('only active agents are listed, and the list is kept', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agents) })
  const client = connect(t, dust.baseUrl)
  t.match(await client.listAgents(), [{ sId: 'a1', name: 'One' }, { sId: 'a3', name: '' }])
  t.equal((await client.listAgents()).length, 2)
  t.equal(dust.calls.length, 1)
})

t.test('the list is asked anew after its time', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agents) })
  const client = connect(t, dust.baseUrl, { agentsTtlMs: 0 })
  await client.listAgents()
  await client.listAgents()
  t.equal(dust.calls.length, 2)
})

t.test('who follows a client sees the request for the list that it makes, and shares the list', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agents) })
  const client = connect(t, dust.baseUrl)
  const seen: string[] = []
  const watched = client.watchedBy(({ operation }) => ({ headers: {}, end: () => { seen.push(operation) } }))
  t.same(await watched.listAgents(), await client.listAgents())
  t.same(seen, ['list_agents'])
  t.equal(dust.calls.length, 1)
})

t.test('one request serves all who wait, and one of them may leave', async (t) => {
  const controller = new AbortController()
  const dust = await startDust(t, (call) => {
    controller.abort()
    setImmediate(() => { json(call, 200, agents) })
  })
  const client = connect(t, dust.baseUrl)
  const [left, stayed] = await Promise.allSettled([client.listAgents({ signal: controller.signal }), client.listAgents({ signal: new AbortController().signal })])
  t.match(left, { status: 'rejected', reason: { kind: 'cancelled', operation: 'list_agents' } })
  t.match(stayed, { status: 'fulfilled', value: [{ sId: 'a1' }, { sId: 'a3' }] })
  t.equal(dust.calls.length, 1)
})

t.test('a failure is not kept', async (t) => {
  const dust = await startDust(t, (call, number) => { number === 1 ? fail(call, 500, 'internal_server_error') : json(call, 200, agents) })
  const client = connect(t, dust.baseUrl)
  await t.rejects(client.listAgents(), { name: 'DustError', kind: 'server_error' })
  t.equal((await client.listAgents()).length, 2)
})

t.test('a search is asked each time', async (t) => {
  const dust = await startDust(t, (call) => { json(call, 200, agents) })
  const client = connect(t, dust.baseUrl)
  t.match(await client.searchAgents('o & e'), [{ sId: 'a1' }, { sId: 'a3' }])
  t.match(dust.calls[0], { path: '/assistant/agent_configurations/search' })
  t.equal(dust.calls[0]?.query.get('q'), 'o & e')
})
