import { inspect } from 'node:util'
import t from 'tap'
import { apiKey, connect, fail, startDust, text } from './scripted-dust.ts'

const noRetry = { timing: { backoffBaseMs: 0, backoffMaxMs: 0 } }

const answers: Array<[number, string, string, { kind: string, retryable: boolean, message?: RegExp }]> = [
  [401, 'invalid_api_key_error', 'The API key provided is invalid or disabled.', { kind: 'unauthorized', retryable: false, message: /DUST_API_KEY.*DUST_BASE_URL.*https:\/\/eu\.dust\.tt/ }],
  [401, 'not_authenticated', '', { kind: 'unauthorized', retryable: false, message: /DUST_API_KEY/ }],
  [401, 'malformed_authorization_header_error', '', { kind: 'unauthorized', retryable: false, message: /DUST_API_KEY/ }],
  [401, 'workspace_auth_error', '', { kind: 'unauthorized', retryable: false, message: /another workspace/ }],
  [401, 'user_not_found', 'Only for users.', { kind: 'unauthorized', retryable: false, message: /Dust says: Only for users\./ }],
  [403, 'workspace_auth_error', '', { kind: 'forbidden', retryable: false, message: /may not use this agent/ }],
  [403, 'workspace_can_use_product_required_error', '', { kind: 'forbidden', retryable: false, message: /no API access/ }],
  [403, 'conversation_access_restricted', '', { kind: 'forbidden', retryable: false }],
  [404, 'workspace_not_found', 'The workspace was not found. [relocation-done]', { kind: 'not_found', retryable: false, message: /DUST_WORKSPACE_ID/ }],
  [404, 'conversation_not_found', '', { kind: 'not_found', retryable: false }],
  [400, 'invalid_request_error', 'Invalid request body: timezone', { kind: 'bad_request', retryable: false, message: /Dust says: Invalid request body: timezone/ }],
  [400, 'agent_inaccessible', '', { kind: 'forbidden', retryable: false }],
  [409, 'invalid_request_error', 'Being compacted.', { kind: 'bad_request', retryable: true }],
  [413, 'content_too_large', '', { kind: 'bad_request', retryable: false, message: /shorten/ }],
  [403, 'rate_limit_error', 'Rate limit exceeded. Please retry later.', { kind: 'rate_limited', retryable: true, message: /try again/ }],
  [429, 'rate_limit_error', 'Too many requests: capacity reached.', { kind: 'rate_limited', retryable: true }],
  [429, 'rate_limit_error', 'The monthly cap of this API key is reached.', { kind: 'rate_limited', retryable: false, message: /cap, credits or plan/ }],
  [429, 'rate_limit_error', 'Your workspace has run out of credits.', { kind: 'rate_limited', retryable: false }],
  [403, 'plan_message_limit_exceeded', '', { kind: 'rate_limited', retryable: false }],
  [403, 'credits_exhausted', '', { kind: 'rate_limited', retryable: false }],
  [500, 'internal_server_error', 'Unhandled internal server error: x', { kind: 'server_error', retryable: false }],
  [503, 'service_unavailable', '', { kind: 'server_error', retryable: true, message: /maintenance/ }],
  [418, 'a_type_of_tomorrow', 'New.', { kind: 'bad_request', retryable: false, message: /418 a_type_of_tomorrow/ }]
]

t.test('the error type decides what went wrong', async (t) => {
  for (const [status, type, message, expected] of answers) {
    await t.test(`${status} ${type} ${message}`, async (t) => {
      const dust = await startDust(t, (call) => { fail(call, status, type, message) })
      const client = connect(t, dust.baseUrl, noRetry)
      await t.rejects(client.getAgent('a1'), { name: 'DustError', operation: 'get_agent', status, type, ...expected })
    })
  }
})

const bodies: Array<[number, string, string, { kind: string, retryable: boolean, message: RegExp }]> = [
  [404, 'text/plain', '404 Not Found', { kind: 'not_found', retryable: false, message: /404 with text\/plain/ }],
  [502, 'text/html', '<html>PROXY</html>', { kind: 'server_error', retryable: true, message: /502 with text\/html.*proxy/ }],
  [429, 'text/html', '<html>PROXY</html>', { kind: 'rate_limited', retryable: true, message: /rate/ }],
  [500, 'application/json', '"PROXY"', { kind: 'server_error', retryable: false, message: /500/ }],
  [400, 'application/json', '{"error":{"type":5}}', { kind: 'bad_request', retryable: false, message: /400/ }],
  [400, 'application/json', '{"error":{"type":"PROXY says this","message":""}}', { kind: 'bad_request', retryable: false, message: /400/ }],
  [400, 'application/json', `{"error":{"type":"PROXY${'x'.repeat(100)}"}}`, { kind: 'bad_request', retryable: false, message: /400/ }],
  [200, 'text/html', '<html>PROXY</html>', { kind: 'invalid_response', retryable: false, message: /200 with text\/html/ }],
  [200, 'application/json', '{"agentConfiguration":{"sId":"PROXY', { kind: 'invalid_response', retryable: false, message: /not JSON/ }],
  [200, 'application/json', '[]', { kind: 'invalid_response', retryable: false, message: /without the agent/ }],
  [302, 'text/html', 'PROXY', { kind: 'invalid_response', retryable: false, message: /redirect.*DUST_BASE_URL/ }]
]

t.test('an answer that is not what Dust sends survives as a DustError, without its text', async (t) => {
  for (const [status, contentType, body, expected] of bodies) {
    await t.test(`${status} ${contentType} ${body}`, async (t) => {
      const dust = await startDust(t, (call) => { text(call, status, contentType, body) })
      const client = connect(t, dust.baseUrl, noRetry)
      const error = await client.getAgent('a1').catch((error: Error) => error)
      t.match(error, { name: 'DustError', status, type: null, ...expected })
      t.notMatch(inspect(error, { depth: 9 }), /PROXY/)
    })
  }
})

t.test('no error holds the API key or the prompt', async (t) => {
  const prompt = 'The merger with ACME is planned for May.'
  const dust = await startDust(t, (call) => {
    fail(call, 400, 'invalid_request_error', `Invalid request body: received "${prompt.slice(0, 30)}" with ${call.headers.authorization}`)
  })
  const client = connect(t, dust.baseUrl)
  const error = await client.startRun({ agentId: 'a1', content: prompt }).catch((error: Error) => error)
  t.match(error, { name: 'DustError', kind: 'bad_request' })
  t.notMatch(inspect(error, { depth: 9 }), 'merger')
  t.notMatch(inspect(error, { depth: 9 }), apiKey)
})
