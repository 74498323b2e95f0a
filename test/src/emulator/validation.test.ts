import t from 'tap'
import type { Conversation, UserMessage } from '../../../src/dust/types.ts'
import { context, headers, startEmulator } from './caller.ts'

const good = { content: 'Hello?', mentions: [{ configurationId: 'dust' }], context }
const create = '/assistant/conversations'

async function startCreator (t: Parameters<typeof startEmulator>[0]) {
  const started = await startEmulator(t)
  const refuse = async (message: object) => {
    const { status, body } = await started.sendJson<{ error: { type: string, message: string } }>('POST', create, { message })
    return { status, ...body.error }
  }
  return { ...started, refuse }
}

t.test('a body that does not fit says where', async (t) => {
  const { refuse } = await startCreator(t)
  const faults: Array<[object, RegExp]> = [
    [{ ...good, content: '' }, /^Invalid request body: message.content /],
    [{ ...good, content: 5 }, /^Invalid request body: message.content must be string/],
    [{ content: 'x', context }, /^Invalid request body: message must have required property 'mentions'/],
    [{ ...good, context: { timezone: 'UTC' } }, /^Invalid request body: message.context must have required property 'username'/],
    [{ ...good, context: { ...context, username: '' } }, /^Invalid request body: message.context.username /],
    [{ ...good, context: { ...context, username: 'x'.repeat(255) } }, /^Invalid request body: message.context.username /],
    [{ ...good, modelSelection: { providerId: 'openai' } }, /^Invalid request body: message.modelSelection /]
  ]
  for (const [message, expected] of faults) t.match(await refuse(message), { status: 400, type: 'invalid_request_error', message: expected })
})

t.test('a time zone must be an IANA name', async (t) => {
  const { refuse, send } = await startCreator(t)
  for (const timezone of ['GMT+2', 'X/Y', '+02:00', 'utc', '']) {
    t.match(await refuse({ ...good, context: { ...context, timezone } }), { status: 400, type: 'invalid_request_error', message: /^Invalid request body: / }, timezone)
  }
  for (const timezone of ['UTC', 'Etc/UTC', 'Asia/Tokyo']) {
    t.equal((await send('POST', create, { message: { ...good, context: { ...context, timezone } } })).status, 200, timezone)
  }
})

t.test('an origin that a key may not use is refused; an unknown one becomes api', async (t) => {
  const { refuse, sendJson } = await startCreator(t)
  for (const origin of ['web', 'slack', 'cli', 'zendesk']) {
    t.match(await refuse({ ...good, context: { ...context, origin } }), {
      status: 400, type: 'invalid_request_error', message: 'This origin is not allowed. Remove the origin from the context property.'
    }, origin)
  }
  for (const [origin, stored] of [['zapier', 'zapier'], ['carrier-pigeon', 'api'], [null, 'api']]) {
    const { body } = await sendJson<{ message: UserMessage }>('POST', create, { message: { ...good, context: { ...context, origin } } })
    t.equal(body.message.context.origin, stored)
  }
})

t.test('what only users or Dust itself may send is refused with 401', async (t) => {
  const { refuse } = await startCreator(t)
  t.match(await refuse({ ...good, context: { ...context, clientSideMCPServerIds: ['x'] } }), { status: 401 })
  t.match(await refuse({ ...good, context: { ...context, selectedMCPServerViewIds: ['x'] } }), { status: 401 })
  t.match(await refuse({ ...good, agenticMessageData: { type: 'run_agent', originMessageId: 'x' } }), { status: 401 })
})

t.test('only one agent can be mentioned', async (t) => {
  const { refuse } = await startCreator(t)
  t.match(await refuse({ ...good, mentions: [{ configurationId: 'dust' }, { configurationId: 'essayist' }] }), {
    status: 400, type: 'invalid_request_error', message: 'Only one agent can be mentioned per message.'
  })
})

t.test('an agent that is not active is inaccessible', async (t) => {
  const { refuse } = await startCreator(t)
  for (const configurationId of ['retired', 'librarian']) {
    t.match(await refuse({ ...good, mentions: [{ configurationId }] }), { status: 400, type: 'agent_inaccessible' }, configurationId)
  }
})

t.test('without a mention, or with an unknown agent, nobody answers', async (t) => {
  const { sendJson } = await startCreator(t)
  for (const mentions of [[], [{ configurationId: 'nobody' }], [{ type: 'user', userId: 'member0ada' }]]) {
    const { status, body } = await sendJson<{ conversation: Conversation }>('POST', create, { message: { ...good, content: 'Hi @dust', mentions } })
    t.equal(status, 200)
    t.same(body.conversation.content.flat().map(({ type }) => type), ['user_message'])
  }
})

t.test('malformed JSON is an invalid request', async (t) => {
  const { base } = await startCreator(t)
  const response = await fetch(`${base}${create}`, { method: 'POST', headers, body: '{"message":' })
  t.equal(response.status, 400)
  t.match(await response.json(), { error: { type: 'invalid_request_error' } })
})

t.test('no body at all is an invalid request', async (t) => {
  const { base } = await startCreator(t)
  const response = await fetch(`${base}${create}`, { method: 'POST', headers })
  t.equal(response.status, 400)
  t.match(await response.json(), { error: { type: 'invalid_request_error' } })
})

t.test('a body that is too large is refused with 413', async (t) => {
  const { sendJson } = await startCreator(t)
  t.match(await sendJson('POST', create, { message: { ...good, content: 'x'.repeat(3_000_000) } }), { status: 413, body: { error: { type: 'content_too_large' } } })
})

t.test('unknown fields are no fault', async (t) => {
  const { send } = await startCreator(t)
  t.equal((await send('POST', create, { message: { ...good, later: true, context: { ...context, later: 1 } }, later: {} })).status, 200)
})

t.test('a space that does not exist is not found', async (t) => {
  const { sendJson } = await startCreator(t)
  t.match(await sendJson('POST', create, { spaceId: 'nowhere' }), { status: 404, body: { error: { type: 'space_not_found' } } })
})
