import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import t from 'tap'
import type { RequestObservation, RunEvent } from '../../../src/dust/client.ts'
import {
  agentMessage, apiKey, connect, conversation, fail, frame, isStream, json, ref, startDust, stream, success, text, token, userMessage, type Call
} from './scripted-dust.ts'

/** One word for each event, so that a whole run can be compared at a glance. */
function brief ({ event }: RunEvent): string {
  switch (event.type) {
    case 'generation_tokens': return event.text
    case 'run_completed': return `${event.message.status}: ${event.message.content}`
    default: return event.type
  }
}

async function collectEvents (events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const collected: RunEvent[] = []
  for await (const event of events) collected.push(event)
  return collected
}

async function collect (events: AsyncIterable<RunEvent>): Promise<string[]> {
  return (await collectEvents(events)).map(brief)
}

async function take (count: number, events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const taken: RunEvent[] = []
  for await (const event of events) {
    taken.push(event)
    if (taken.length === count) break
  }
  return taken
}

function closed (reply: ServerResponse): Promise<unknown> {
  return reply.closed ? Promise.resolve() : once(reply, 'close')
}

function streams (calls: Call[]): Call[] {
  return calls.filter(isStream)
}

function lastEventIds (calls: Call[]): Array<string | null> {
  return streams(calls).map(({ query }) => query.get('lastEventId'))
}

function event (id: string, type: string, fields: object = {}): string {
  return frame(id, { type, created: 1, configurationId: 'dust', messageId: 'am1', step: 0, ...fields })
}

t.test('a run is told to its end, without waiting for the server to close the stream', async (t) => {
  const dust = await startDust(t, (call) => { stream(call, token('1-0', 'Hel'), token('1-1', 'lo'), success('2-0', 'Hello')) })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
  const events = await collectEvents(client.messageEvents(ref))
  t.strictSame(events.map(({ id }) => id), ['1-0', '1-1', '2-0', null])
  t.strictSame(events.map(brief), ['Hel', 'lo', 'agent_message_success', 'succeeded: Hello'])
  await closed(dust.calls[0]!.reply)
  t.match(seen, [{ operation: 'stream_events', method: 'GET', status: 200, attempt: 1, error: undefined }])
  t.match(dust.calls[0]?.headers, { authorization: `Bearer ${apiKey}`, accept: 'text/event-stream' })
})

t.test('the redirect to the stream is followed with its query and the key, and counts as one request', async (t) => {
  const dust = await startDust(t, (call) => {
    const url = call.request.url ?? ''
    if (url.startsWith('/api/sse/')) stream(call, token('1-1', 'b'), success('2-0', 'ab'))
    else call.reply.writeHead(307, { location: url.replace('/api/v1/', '/api/sse/v1/') }).end()
  })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
  t.strictSame(await collect(client.messageEvents(ref, { lastEventId: '1-0' })), ['b', 'agent_message_success', 'succeeded: ab'])
  t.equal(dust.calls[1]?.request.url, '/api/sse/v1/w/demo/assistant/conversations/c1/messages/am1/events?lastEventId=1-0')
  t.equal(dust.calls[1]?.headers.authorization, `Bearer ${apiKey}`)
  t.match(seen.map(({ status }) => status), [200])
})

t.test('a redirect to another origin is refused: the key stays here', async (t) => {
  const stranger = await startDust(t, (call) => { stream(call, success('1-0', 'stolen')) })
  const dust = await startDust(t, ({ reply, request }) => { reply.writeHead(307, { location: `${stranger.baseUrl}${request.url}` }).end() })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
  await t.rejects(collect(client.messageEvents(ref)), { name: 'DustError', kind: 'invalid_response', status: 307, message: /not followed/ })
  t.equal(stranger.calls.length, 0)
  t.equal(dust.calls.length, 1)
  t.match(seen, [{ status: 307, error: 'invalid_response' }])
})

for (const [what, location] of [['that changes the scheme', 'https://127.0.0.1/x'], ['that is no address', 'http://['], ['in a circle', '?again']] as const) {
  t.test(`a redirect ${what} is refused`, async (t) => {
    const dust = await startDust(t, ({ reply }) => { reply.writeHead(307, { location }).end() })
    await t.rejects(collect(connect(t, dust.baseUrl).messageEvents(ref)), { name: 'DustError', kind: 'invalid_response', status: 307 })
  })
}

t.test('what is not understood is skipped', async (t) => {
  const dust = await startDust(t, (call) => {
    stream(call,
      ': a comment',
      'event: named\ndata: {"eventId":"9-9","data":{"type":"generation_tokens","text":"no","classification":"tokens"}}',
      'data: {"eventId":"1-0","data":{"type":"gener',
      'data: null',
      'data: []',
      'data: {"eventId":"1-0"}',
      'data: {"eventId":"1-1","data":"text"}',
      event('1-2', 'event_of_tomorrow'),
      event('1-3', 'generation_tokens', { text: 5, classification: 'tokens' }),
      event('1-4', 'generation_tokens', { text: 'no', classification: 'class_of_tomorrow' }),
      event('1-5', 'tool_params'),
      event('1-6', 'generation_tokens', { text: 'yes', classification: 'tokens', fieldOfTomorrow: {} }),
      'unknown-field: x\nretry: soon\nid: 7\ndata: {"eventId":"1-7","data":{"type":"agent_context_pruned"}}',
      success('2-0', 'yes')
    )
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['yes', 'agent_context_pruned', 'agent_message_success', 'succeeded: yes'])
})

t.test('letters survive any cut between two chunks', async (t) => {
  const answer = 'Grüße, 世界 🌍!'
  const dust = await startDust(t, async ({ reply }) => {
    reply.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'content-encoding': 'none' })
    const bytes = Buffer.from(`${token('1-0', answer)}\r\n\r\n${success('2-0', answer)}\n\n`)
    for (const byte of bytes) {
      reply.write(Uint8Array.of(byte))
      await new Promise(setImmediate)
    }
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), [answer, 'agent_message_success', `succeeded: ${answer}`])
})

t.test('every kind of event is read', async (t) => {
  const action = { sId: 'act1', toolName: 'search', status: 'running', params: { q: 'x' }, output: [{ type: 'text' }, 5], displayLabels: { running: 'Searching', done: 'Searched' }, generatedFiles: [{ fileId: null, filePath: 'a.txt', title: 'A' }] }
  const blocking = { conversationId: 'c2', actionId: 'act1', inputs: { to: 'x' }, stake: 'high', metadata: { toolName: 'send', mcpServerName: 'mail', agentName: 'A' }, argumentsRequiringApproval: ['to'], approvalArgsLabel: 'Mail', userId: 'u1', isLastBlockingEventForStep: true }
  const expected: Array<[string, object]> = [
    ['tool_call_started', { toolName: 'search', toolCallId: 't1', toolCallIndex: 0 }],
    ['tool_params', { action: { sId: 'act1', params: { q: 'x' }, displayLabels: { running: 'Searching' } } }],
    ['tool_notification', { action: { sId: 'act1' }, notification: { progress: 1, total: 2, _meta: { data: { label: 'half', output: { type: 'text' } } } } }],
    ['agent_action_success', { action: { output: [{ type: 'text' }], generatedFiles: [{ fileId: null, filePath: 'a.txt' }] } }],
    ['tool_approve_execution', blocking],
    ['tool_ask_user_question', { ...blocking, question: { question: 'Which?', options: [{ label: 'A', description: null }], multiSelect: true } }],
    ['tool_personal_auth_required', { ...blocking, authError: { mcpServerId: 'm', message: 'Sign in', provider: 'p', scope: 's', toolName: 'send' } }],
    ['tool_file_auth_required', { ...blocking, fileAuthError: { fileId: 'f', fileName: 'F', connectionId: 'c', mimeType: 'm', toolName: 'send', message: 'Open' } }],
    ['tool_error', { error: { code: 'tool_failed', message: 'It broke', metadata: null } }],
    ['agent_context_pruned', {}],
    ['agent_message_gracefully_stopped', { message: { content: 'so far' }, runIds: ['r1'] }]
  ]
  const dust = await startDust(t, (call) => {
    stream(call, ...expected.map(([type, fields], index) => event(`1-${index}`, type, {
      ...fields,
      ...('action' in fields && { action }),
      ...('message' in fields && { message: agentMessage({ content: 'so far', status: 'gracefully_stopped' }) })
    })))
  })
  const events = await collectEvents(connect(t, dust.baseUrl).messageEvents(ref))
  t.match(events.map(({ event }) => event), [...expected.map(([type, fields]) => ({ type, ...fields })), { type: 'run_completed', message: { status: 'succeeded' } }])
  t.equal(events.length, expected.length + 1)
})

t.test('after done the next connection resumes where the last one ended', async (t) => {
  const pages = [[token('1-0', 'a'), 'data: done'], [token('1-1', 'b'), 'data: done'], [success('2-0', 'ab')]]
  const dust = await startDust(t, (call, number) => { stream(call, ...pages[number - 1] ?? []) })
  const client = connect(t, dust.baseUrl, { timing: { backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000 } })
  t.strictSame(await collect(client.messageEvents(ref)), ['a', 'b', 'agent_message_success', 'succeeded: ab'])
  t.strictSame(lastEventIds(dust.calls), [null, '1-0', '1-1'])
})

t.test('a done without events is tried again', async (t) => {
  const dust = await startDust(t, (call, number) => { stream(call, number < 3 ? 'data: done' : success('2-0', 'ab')) })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['agent_message_success', 'succeeded: ab'])
})

t.test('an event that is sent again is told once', async (t) => {
  const dust = await startDust(t, (call, number) => {
    if (number === 1) stream(call, token('5-9', 'a'), token('5-10', 'b'), token('5-9', 'a'), token('5-10', 'b'), 'data: done')
    else stream(call, token('5-9', 'a'), token('5-10', 'b'), token('5-11', 'c'), success('10-0', 'abc'))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['a', 'b', 'c', 'agent_message_success', 'succeeded: abc'])
})

t.test('a connection that is cut within a frame loses nothing', async (t) => {
  const dust = await startDust(t, (call, number) => {
    if (number > 1) return stream(call, token('1-1', 'b'), success('2-0', 'ab'))
    stream(call, token('1-0', 'a')).write(token('1-1', 'b').slice(0, 40), () => { call.request.socket.resetAndDestroy() })
  })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
  t.strictSame(await collect(client.messageEvents(ref)), ['a', 'b', 'agent_message_success', 'succeeded: ab'])
  t.match(seen.map(({ status, error }) => ({ status, error })), [{ status: 200, error: 'network' }, { status: 200, error: undefined }])
})

t.test('a silent stream of a run that has ended: the conversation tells how', async (t) => {
  const dust = await startDust(t, (call) => { isStream(call) ? stream(call) : json(call, 200, conversation(userMessage(), agentMessage({ status: 'succeeded', content: 'done' }))) })
  const client = connect(t, dust.baseUrl, { timing: { idleMs: [20] } })
  t.strictSame(await collect(client.messageEvents(ref)), ['succeeded: done'])
  await closed(dust.calls[0]!.reply)
})

t.test('a silent stream of a run that goes on is opened again, and may be silent for longer', async (t) => {
  const dust = await startDust(t, (call) => {
    if (!isStream(call)) return json(call, 200, conversation(userMessage(), agentMessage()))
    const reply = stream(call, ...streams(dust.calls).length === 1 ? [token('1-0', 'a')] : [])
    if (streams(dust.calls).length === 3) setTimeout(() => { reply.write(`${success('2-0', 'ab')}\n\n`) }, 400)
  })
  const client = connect(t, dust.baseUrl, { timing: { idleMs: [200, 20, 3_600_000] } })
  t.strictSame(await collect(client.messageEvents(ref)), ['a', 'agent_message_success', 'succeeded: ab'])
  t.strictSame(lastEventIds(dust.calls), [null, '1-0', '1-0'])
})

t.test('the time limit of a request is none for a stream that has begun', async (t) => {
  const dust = await startDust(t, (call) => {
    const reply = stream(call)
    setTimeout(() => { reply.write(`${success('2-0', 'a')}\n\n`) }, 700)
  })
  const client = connect(t, dust.baseUrl, { timing: { requestTimeoutMs: 400 } })
  t.strictSame(await collect(client.messageEvents(ref)), ['agent_message_success', 'succeeded: a'])
  t.equal(dust.calls.length, 1)
})

t.test('keep-alive comments do not hide that nothing happens', async (t) => {
  const dust = await startDust(t, (call) => {
    if (!isStream(call)) return json(call, 200, conversation(userMessage(), agentMessage({ status: 'cancelled' })))
    const reply = stream(call)
    const timer = setInterval(() => { reply.write(': ping\n\n') }, 5)
    reply.on('close', () => { clearInterval(timer) })
  })
  t.strictSame(await collect(connect(t, dust.baseUrl, { timing: { idleMs: [50] } }).messageEvents(ref)), ['cancelled: null'])
})

t.test('after a tool error a short silence is enough to ask', async (t) => {
  const dust = await startDust(t, (call) => {
    isStream(call) ? stream(call, event('1-0', 'tool_error', { error: { code: 'x', message: 'y' } })) : json(call, 200, conversation(agentMessage({ status: 'failed' })))
  })
  const client = connect(t, dust.baseUrl, { timing: { idleMs: [3_600_000], idleAfterToolErrorMs: 10 } })
  t.strictSame(await collect(client.messageEvents(ref)), ['tool_error', 'failed: null'])
})

t.test('a tool error need not be the end', async (t) => {
  const dust = await startDust(t, (call) => {
    if (!isStream(call)) return json(call, 200, conversation(agentMessage()))
    stream(call, ...streams(dust.calls).length === 1 ? [event('1-0', 'tool_error', { error: { code: 'x', message: 'y' } })] : [token('1-1', 'a'), success('2-0', 'a')])
  })
  const client = connect(t, dust.baseUrl, { timing: { idleMs: [3_600_000], idleAfterToolErrorMs: 10 } })
  t.strictSame(await collect(client.messageEvents(ref)), ['tool_error', 'a', 'agent_message_success', 'succeeded: a'])
})

t.test('a cancelled run ends at its event: the server never closes that stream', async (t) => {
  const dust = await startDust(t, (call) => { isStream(call) ? stream(call, event('1-0', 'agent_generation_cancelled')) : json(call, 200, conversation(agentMessage({ status: 'cancelled' }))) })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['agent_generation_cancelled', 'cancelled: null'])
  await closed(dust.calls[0]!.reply)
})

t.test('after a failure the conversation is read until it knows of it', async (t) => {
  const dust = await startDust(t, (call, number) => {
    if (isStream(call)) stream(call, event('1-0', 'agent_error', { error: { code: 'multi_actions_error', message: 'The model failed' } }))
    else json(call, 200, conversation(agentMessage({ status: number < 5 ? 'created' : 'failed', error: { code: 'multi_actions_error', message: 'The model failed' } })))
  })
  const events = await collectEvents(connect(t, dust.baseUrl).messageEvents(ref))
  t.match(events, [{ event: { type: 'agent_error', error: { code: 'multi_actions_error' } } }, { event: { type: 'run_completed', message: { status: 'failed', error: { message: 'The model failed' } } } }])
  t.equal(dust.calls.length, 5)
})

t.test('after the last event, trouble with the conversation is waited out', async (t) => {
  const dust = await startDust(t, (call, number) => {
    if (isStream(call)) stream(call, event('1-0', 'agent_generation_cancelled'))
    else if (number < 12) fail(call, 503, 'service_unavailable')
    else json(call, 200, conversation(agentMessage({ status: 'cancelled' })))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['agent_generation_cancelled', 'cancelled: null'])
})

t.test('a conversation that stays in trouble is given up', async (t) => {
  const dust = await startDust(t, (call) => { isStream(call) ? stream(call, frame('1-0', { type: 'end-of-stream' })) : fail(call, 503, 'service_unavailable') })
  await t.rejects(collect(connect(t, dust.baseUrl).messageEvents(ref)), { name: 'DustError', kind: 'stream_interrupted', type: 'service_unavailable' })
})

t.test('a conversation that never learns of the failure does not hold it back', async (t) => {
  const dust = await startDust(t, (call) => {
    isStream(call) ? stream(call, event('1-0', 'agent_error', { error: { code: 'x', message: 'y' } })) : json(call, 200, conversation(agentMessage()))
  })
  const events = await collectEvents(connect(t, dust.baseUrl, { timing: { settleTimeoutMs: 0 } }).messageEvents(ref))
  t.match(events.at(-1), { event: { type: 'run_completed', message: { status: 'failed', error: { code: 'x', message: 'y' } } } })
})

t.test('asking for the approval of credits is not the end', async (t) => {
  const dust = await startDust(t, (call) => { stream(call, event('1-0', 'agent_error', { error: { code: 'credit_approval_required', message: '' } }), success('2-0', 'a')) })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['agent_error', 'agent_message_success', 'succeeded: a'])
})

t.test('a refused message without an agent message is an error', async (t) => {
  const dust = await startDust(t, (call) => {
    isStream(call) ? stream(call, frame('1-0', { type: 'user_message_error', created: 1, error: { code: 'plan_limit', message: 'Too many' } })) : json(call, 200, conversation(userMessage()))
  })
  const seen: string[] = []
  await t.rejects(async () => {
    for await (const event of connect(t, dust.baseUrl).messageEvents(ref)) seen.push(brief(event))
  }, { name: 'DustError', kind: 'bad_request', type: 'plan_limit', message: /refused the message/ })
  t.strictSame(seen, ['user_message_error'])
})

t.test('a refused message with an agent message ends as failed', async (t) => {
  const dust = await startDust(t, (call) => {
    isStream(call) ? stream(call, frame('1-0', { type: 'user_message_error', created: 1, error: { code: 'x', message: 'y' } })) : json(call, 200, conversation(agentMessage({ status: 'failed' })))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['user_message_error', 'failed: null'])
})

t.test('what can only be replayed to its end is read from the conversation', async (t) => {
  const dust = await startDust(t, (call) => {
    isStream(call) ? stream(call, frame('3-0', { type: 'end-of-stream' }), 'data: done') : json(call, 200, conversation(agentMessage({ status: 'succeeded', content: 'a' })))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref, { lastEventId: '2-0' })), ['succeeded: a'])
  t.equal(dust.calls.length, 2)
})

t.test('a last event that is unreadable is read from the conversation', async (t) => {
  const dust = await startDust(t, (call) => {
    isStream(call) ? stream(call, event('1-0', 'agent_message_success', { message: 'odd' })) : json(call, 200, conversation(agentMessage({ status: 'succeeded', content: 'a' })))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['succeeded: a'])
})

t.test('a stream that is not there yet is tried again', async (t) => {
  const dust = await startDust(t, (call) => { streams(dust.calls).length < 4 ? fail(call, 404, 'message_not_found') : stream(call, success('1-0', 'a')) })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['agent_message_success', 'succeeded: a'])
})

t.test('a stream that never comes is replaced by reading the conversation until the run has ended', async (t) => {
  const dust = await startDust(t, (call, number) => {
    if (isStream(call)) text(call, 404, 'text/plain', '404 Not Found')
    else if (number === 7) fail(call, 503, 'service_unavailable')
    else json(call, 200, conversation(agentMessage(number < 12 ? {} : { status: 'succeeded', content: 'a' })))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['succeeded: a'])
  t.equal(streams(dust.calls).length, 4)
  t.equal(dust.calls.length, 12)
})

t.test('a message that is nowhere is an error', async (t) => {
  const dust = await startDust(t, (call) => { isStream(call) ? fail(call, 404, 'message_not_found') : json(call, 200, conversation(userMessage())) })
  await t.rejects(collect(connect(t, dust.baseUrl).messageEvents(ref)), { name: 'DustError', kind: 'not_found', type: 'message_not_found' })
})

for (const [status, type, message, kind] of [
  [401, 'invalid_api_key_error', '', 'unauthorized'],
  [403, 'conversation_access_restricted', '', 'forbidden'],
  [400, 'invalid_request_error', 'Events are only available for agent messages.', 'bad_request'],
  [429, 'rate_limit_error', 'The cap of this key is reached.', 'rate_limited']
] as const) {
  t.test(`${status} ${type} ends it at once`, async (t) => {
    const dust = await startDust(t, (call) => { fail(call, status, type, message) })
    await t.rejects(collect(connect(t, dust.baseUrl).messageEvents(ref)), { name: 'DustError', operation: 'stream_events', kind, type })
    t.equal(dust.calls.length, 1)
  })
}

t.test('limits of the rate, trouble and broken connections are waited out', async (t) => {
  const troubles: Array<(call: Call) => void> = [
    (call) => { fail(call, 403, 'rate_limit_error', 'Rate limit exceeded.') },
    (call) => { fail(call, 429, 'rate_limit_error', 'Rate limit exceeded.') },
    (call) => { text(call, 502, 'text/html', '<html>') },
    (call) => { fail(call, 500, 'internal_server_error') },
    (call) => { text(call, 200, 'text/html', '<html>') },
    ({ request }) => { request.socket.destroy() },
    ({ reply }) => { reply.writeHead(200, { 'content-type': 'text/event-stream' }).end() },
    (call) => { stream(call, success('1-0', 'a')) }
  ]
  const dust = await startDust(t, (call) => {
    isStream(call) ? troubles[streams(dust.calls).length - 1]?.(call) : json(call, 200, conversation(agentMessage()))
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['agent_message_success', 'succeeded: a'])
  t.equal(streams(dust.calls).length, troubles.length)
})

t.test('a stream that never works is given up after ten failures', async (t) => {
  const dust = await startDust(t, (call) => { isStream(call) ? fail(call, 500, 'internal_server_error') : json(call, 200, conversation(agentMessage())) })
  await t.rejects(collect(connect(t, dust.baseUrl).messageEvents(ref)), { name: 'DustError', kind: 'stream_interrupted', status: 500, retryable: true, message: /may go on/ })
  t.equal(streams(dust.calls).length, 11)
})

t.test('each new event makes up for the failures before', async (t) => {
  const dust = await startDust(t, (call) => {
    const number = streams(dust.calls).length
    if (!isStream(call)) json(call, 200, conversation(agentMessage()))
    else if (number === 30) stream(call, success('30-0', 'a'))
    else if (number % 9 === 0) stream(call, token(`${number}-0`, '.'), 'data: done')
    else fail(call, 500, 'internal_server_error')
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['.', '.', '.', 'agent_message_success', 'succeeded: a'])
})

t.test('a run that ended while its stream was in trouble is told as ended', async (t) => {
  const dust = await startDust(t, (call) => { isStream(call) ? fail(call, 500, 'internal_server_error') : json(call, 200, conversation(agentMessage({ status: 'succeeded', content: 'a' }))) })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['succeeded: a'])
})

t.test('connections that stay open but bring nothing are a quiet run, however many', async (t) => {
  const dust = await startDust(t, (call) => {
    if (!isStream(call)) return json(call, 200, conversation(agentMessage()))
    const reply = stream(call, ...streams(dust.calls).length >= 14 ? [success('1-0', 'a')] : [])
    setTimeout(() => { reply.end('data: done\n\n') }, 30)
  })
  const client = connect(t, dust.baseUrl, { timing: { idleMs: [10, 3_600_000] } })
  t.strictSame(await collect(client.messageEvents(ref)), ['agent_message_success', 'succeeded: a'])
})

t.test('a frame beyond all bounds is not held: the conversation has the answer', async (t) => {
  const dust = await startDust(t, (call) => {
    if (!isStream(call)) return json(call, 200, conversation(agentMessage({ status: 'succeeded', content: 'long' })))
    const reply = stream(call)
    reply.on('error', () => {})
    reply.write(`data: ${'x'.repeat(17 * 1024 * 1024)}`)
  })
  t.strictSame(await collect(connect(t, dust.baseUrl).messageEvents(ref)), ['succeeded: long'])
  t.equal(streams(dust.calls).length, 1)
  await closed(dust.calls[0]!.reply)
})

t.test('an abort ends a waiting stream as cancelled and closes its connection', async (t) => {
  const controller = new AbortController()
  const dust = await startDust(t, (call) => { stream(call, token('1-0', 'a')) })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
  await t.rejects(async () => {
    for await (const event of client.messageEvents(ref, { signal: controller.signal })) {
      t.equal(brief(event), 'a')
      setImmediate(() => { controller.abort() })
    }
  }, { name: 'DustError', kind: 'cancelled', operation: 'stream_events' })
  await closed(dust.calls[0]!.reply)
  t.match(seen, [{ status: 200, error: 'cancelled' }])
})

t.test('after an abort not one more event is told', async (t) => {
  const controller = new AbortController()
  const dust = await startDust(t, (call) => { stream(call, token('1-0', 'a'), token('1-1', 'b'), success('2-0', 'ab')) })
  const told: string[] = []
  await t.rejects(async () => {
    for await (const event of connect(t, dust.baseUrl).messageEvents(ref, { signal: controller.signal })) {
      told.push(brief(event))
      controller.abort()
    }
  }, { name: 'DustError', kind: 'cancelled' })
  t.strictSame(told, ['a'])
})

for (const [where, answer] of [
  ['before the headers', () => {}],
  ['between two connections', (call: Call) => { fail(call, 503, 'service_unavailable') }],
  ['while the conversation is polled', (call: Call) => { isStream(call) ? stream(call, frame('1-0', { type: 'end-of-stream' })) : json(call, 200, conversation(agentMessage())) }]
] as const) {
  t.test(`an abort is heard ${where}`, async (t) => {
    const controller = new AbortController()
    const dust = await startDust(t, (call) => {
      answer(call)
      if (call.reply.writableEnded || !call.reply.headersSent) setTimeout(() => { controller.abort() }, 20)
    })
    const client = connect(t, dust.baseUrl, { timing: { requestTimeoutMs: 3_600_000, backoffBaseMs: 3_600_000, backoffMaxMs: 3_600_000, pollBaseMs: 3_600_000, pollMaxMs: 3_600_000 } })
    await t.rejects(collect(client.messageEvents(ref, { signal: controller.signal })), { name: 'DustError', kind: 'cancelled' })
  })
}

t.test('leaving the loop closes the connection', async (t) => {
  const dust = await startDust(t, (call) => { stream(call, token('1-0', 'a'), token('1-1', 'b')) })
  const seen: RequestObservation[] = []
  const client = connect(t, dust.baseUrl, { onRequest: (observation) => { seen.push(observation) } })
  const [first] = await take(1, client.messageEvents(ref))
  t.match(first, { id: '1-0' })
  await closed(dust.calls[0]!.reply)
  t.match(seen, [{ status: 200, error: undefined }])
})

t.test('closing the client ends its streams as cancelled', async (t) => {
  const dust = await startDust(t, (call) => { stream(call, token('1-0', 'a')) })
  const client = connect(t, dust.baseUrl)
  await t.rejects(async () => {
    for await (const event of client.messageEvents(ref)) {
      t.equal(brief(event), 'a')
      setImmediate(() => client.close())
    }
  }, { name: 'DustError', kind: 'cancelled' })
  await closed(dust.calls[0]!.reply)
})
