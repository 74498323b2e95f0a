import t from 'tap'
import { startEmulator } from './caller.ts'

interface FaultsBody { faults: Array<{ fault: { kind: string }, remaining: number | null }> }

t.test('the emulator describes what it offers, without a key', async (t) => {
  const { url } = await startEmulator(t)
  const response = await fetch(`${url}/_emulator`)
  t.equal(response.status, 200)
  const body = JSON.parse(await response.text())
  t.match(body, { workspaceId: 'demo', apiKey: 'sk-demo', seed: 1, pace: 0 })
  t.ok(body.agents.length >= 8)
  t.match(body.faults.find(({ kind }: { kind: string }) => kind === 'cut'), { fields: ['times?', 'afterEvents?', 'midFrame?'] })
  t.ok(body.operations.includes('messages.events'))
  t.match(body.errorTypes, { rate_limit_error: 429, action_not_found: 404 })
})

t.test('each operation has a route, and each error type strikes each of them', async (t) => {
  const { app, control } = await startEmulator(t)
  const routed = new Set<string>()
  const { operations, errorTypes } = (await control<{ operations: string[], errorTypes: Record<string, number> }>('GET', '/')).body
  const requests: Array<[string, string, string]> = [
    ['exists', 'GET', '/exists'],
    ['agents.list', 'GET', '/assistant/agent_configurations'],
    ['agents.search', 'GET', '/assistant/agent_configurations/search?q=x'],
    ['agents.get', 'GET', '/assistant/agent_configurations/dust'],
    ['mentions.suggestions', 'GET', '/assistant/mentions/suggestions?query=x'],
    ['spaces.list', 'GET', '/spaces'],
    ['data_source_views.list', 'GET', '/spaces/x/data_source_views'],
    ['data_source_views.search', 'GET', '/spaces/x/data_source_views/y/search'],
    ['data_sources.search', 'GET', '/spaces/x/data_sources/y/search'],
    ['nodes.search', 'POST', '/search'],
    ['nodes.stream', 'GET', '/search'],
    ['conversations.create', 'POST', '/assistant/conversations'],
    ['conversations.list', 'GET', '/assistant/conversations'],
    ['conversations.get', 'GET', '/assistant/conversations/c'],
    ['conversations.update', 'PATCH', '/assistant/conversations/c'],
    ['conversations.redirect', 'GET', '/assistant/conversations/c/events'],
    ['conversations.events', 'GET', '!/assistant/conversations/c/events'],
    ['content_fragments.create', 'POST', '/assistant/conversations/c/content_fragments'],
    ['messages.create', 'POST', '/assistant/conversations/c/messages'],
    ['messages.cancel', 'POST', '/assistant/conversations/c/cancel'],
    ['messages.retry', 'POST', '/assistant/conversations/c/messages/m/retry'],
    ['messages.feedback', 'POST', '/assistant/conversations/c/messages/m/feedbacks'],
    ['messages.redirect', 'GET', '/assistant/conversations/c/messages/m/events'],
    ['messages.events', 'GET', '!/assistant/conversations/c/messages/m/events'],
    ['files.create', 'POST', '/files'],
    ['files.upload', 'POST', '/files/f'],
    ['files.read', 'GET', '/files/f'],
    ['files.delete', 'DELETE', '/files/f'],
    ['folder_files.read', 'GET', '/assistant/conversations/c/files/conversation/x'],
    ['actions.blocked', 'GET', '/assistant/conversations/c/actions/blocked'],
    ['actions.validate', 'POST', '/assistant/conversations/c/messages/m/validate-action'],
    ['actions.answer', 'POST', '/assistant/conversations/c/messages/m/answer-question']
  ]
  t.strictSame(requests.map(([operation]) => operation), operations)
  for (const [type, status] of Object.entries(errorTypes)) {
    const struck = await Promise.all(requests.map(async ([operation, method, path]) => {
      const prefix = path.startsWith('!') ? '/api/sse/v1/w/demo' : '/api/v1/w/demo'
      app.emulator.faults.replace([{ kind: 'error', type, times: 'always' }])
      const response = await app.inject({ method: method === 'POST' ? 'POST' : method === 'PATCH' ? 'PATCH' : method === 'DELETE' ? 'DELETE' : 'GET', url: prefix + path.replace('!', '') })
      if (response.statusCode === status && response.json<{ error: { type: string } }>().error.type === type) routed.add(operation)
      return response.statusCode
    }))
    t.strictSame(new Set(struck), new Set([status]), type)
  }
  t.equal(routed.size, operations.length)
})

t.test('faults are listed with what is left of them, and switched off', async (t) => {
  const { control, send, fault } = await startEmulator(t)
  await fault({ kind: 'rate_limit', times: 2 }, { kind: 'done', afterEvents: 1, times: 'always' }, { kind: 'unknown_events', rate: 0.5 })
  await send('GET', '/exists')
  const { body } = await control<FaultsBody>('GET', '/faults')
  t.same(body.faults.map(({ fault, remaining }) => [fault.kind, remaining]), [['rate_limit', 1], ['done', null], ['unknown_events', null]])
  t.same((await control('DELETE', '/faults')).body, { faults: [] })
  t.equal((await send('GET', '/exists')).status, 200)
})

t.test('a set of faults replaces the one before', async (t) => {
  const { control, fault } = await startEmulator(t)
  await fault({ kind: 'rate_limit' })
  await fault({ kind: 'done' })
  t.match((await control<FaultsBody>('GET', '/faults')).body, { faults: [{ fault: { kind: 'done' } }] })
})

t.test('a wrong fault is refused with one clear reason, and changes nothing', async (t) => {
  const { control, fault } = await startEmulator(t)
  await fault({ kind: 'done' })
  for (const [wrong, reason] of [
    [{ kind: 'earthquake' }, /faults\.0 value of tag "kind" must be in oneOf$/],
    [{ kind: 'cut', afterEvents: -1 }, /faults\.0\.afterEvents must be >= 0$/],
    [{ kind: 'cut', after: 1 }, /faults\.0 must NOT have additional properties$/],
    [{ kind: 'rate_limit', operation: 'everything' }, /faults\.0\.operation must be equal to one of the allowed values$/],
    [{ kind: 'html' }, /faults\.0 must have required property 'status'$/]
  ] as const) {
    t.match(await control('PUT', '/faults', { faults: [wrong] }), { status: 400, body: { error: { type: 'invalid_request_error', message: reason } } }, wrong.kind)
  }
  t.match((await control<FaultsBody>('GET', '/faults')).body, { faults: [{ fault: { kind: 'done' } }] })
})

t.test('requests are counted by operation, refused ones included', async (t) => {
  const { control, send, fault, url } = await startEmulator(t)
  await send('GET', '/exists')
  await fetch(`${url}/api/v1/w/demo/exists`)
  await fault({ kind: 'rate_limit' })
  await send('GET', '/exists')
  await send('GET', '/spaces')
  t.same((await control('GET', '/requests')).body, { requests: { exists: 3, 'spaces.list': 1 } })
})

t.test('a message has a record of its own', async (t) => {
  const { control, ask, ended, connect, app } = await startEmulator(t)
  const { cId, mId, path } = await ask('dust', 'Hello?')
  await ended(mId)
  const { frames } = await connect(path)
  const { body } = await control('GET', `/messages/${mId}`)
  t.match(body, { messageId: mId, conversationId: cId, agentId: 'dust', status: 'succeeded', content: /Hello\?/, events: frames.length, connections: 1 })
  t.same(body, app.emulator.message(mId))
  t.equal((await control('GET', '/messages/nothing')).status, 404)
})

t.test('the pace can be changed while agents work', async (t) => {
  const { control, ask, ended, app } = await startEmulator(t, { pace: 1 })
  t.same((await control('PUT', '/pace', { pace: 0 })).body, { pace: 0 })
  const { mId } = await ask('essayist', 'What is snow?')
  t.equal((await ended(mId)).status, 'succeeded')
  t.equal(app.emulator.pace.factor, 0)
  t.equal((await control('PUT', '/pace', { pace: -1 })).status, 400)
  t.equal((await control('PUT', '/pace', {})).status, 400)
})
