import t from 'tap'
import { headers, startEmulator } from './caller.ts'

async function refusal (response: Response) {
  return { status: response.status, ...JSON.parse(await response.text()).error }
}

t.test('a request without a key is not authenticated', async (t) => {
  const { base } = await startEmulator(t)
  t.same(await refusal(await fetch(`${base}/exists`)), {
    status: 401, type: 'not_authenticated', message: 'The request does not have valid authentication credentials.'
  })
})

t.test('a header that is no API key is malformed', async (t) => {
  const { base } = await startEmulator(t)
  for (const authorization of ['Bearer nonsense', 'Basic c2stZGVtbw==', 'Bearer sk-de-mo', 'sk-demo']) {
    t.same(await refusal(await fetch(`${base}/exists`, { headers: { authorization } })), {
      status: 401, type: 'malformed_authorization_header_error', message: 'Malformed Authorization header'
    }, authorization)
  }
})

t.test('an unknown key is invalid, even for a workspace that does not exist', async (t) => {
  const { url } = await startEmulator(t)
  t.same(await refusal(await fetch(`${url}/api/v1/w/nowhere/exists`, { headers: { authorization: 'Bearer sk-stranger' } })), {
    status: 401, type: 'invalid_api_key_error', message: 'The API key provided is invalid or disabled.'
  })
})

t.test('a workspace that does not exist is not found', async (t) => {
  const { url } = await startEmulator(t)
  t.same(await refusal(await fetch(`${url}/api/v1/w/nowhere/exists`, { headers })), {
    status: 404, type: 'workspace_not_found', message: 'The workspace was not found.'
  })
})

t.test('the key of another workspace has no access', async (t) => {
  const { base } = await startEmulator(t)
  t.same(await refusal(await fetch(`${base}/exists`, { headers: { authorization: 'Bearer sk-elsewhere' } })), {
    status: 401, type: 'workspace_auth_error', message: 'Only users of the workspace can access this content.'
  })
})

t.test('an own key and workspace can be chosen', async (t) => {
  const { url } = await startEmulator(t, { apiKey: 'sk-mine', workspaceId: 'mine' })
  const response = await fetch(`${url}/api/v1/w/mine/exists`, { headers: { authorization: 'Bearer sk-mine' } })
  t.same(await response.json(), { exists: true })
})

t.test('event streams ask for the key too', async (t) => {
  const { url } = await startEmulator(t)
  t.equal((await fetch(`${url}/api/sse/v1/w/demo/assistant/conversations/x/events`)).status, 401)
})

t.test('an unknown path is not found in plain text, with or without a key', async (t) => {
  const { base } = await startEmulator(t)
  const response = await fetch(`${base}/nonsense`)
  t.equal(response.status, 404)
  t.match(response.headers.get('content-type'), /^text\/plain/)
  t.equal(await response.text(), '404 Not Found')
})

t.test('what only a user can do is refused to a key', async (t) => {
  const { sendJson } = await startEmulator(t)
  t.match(await sendJson('GET', '/assistant/conversations'), {
    status: 401, body: { error: { type: 'user_not_found', message: 'Getting conversations is only available when authenticated as a user.' } }
  })
  for (const view of ['list', 'favorites']) {
    t.match(await sendJson('GET', `/assistant/agent_configurations?view=${view}`), { status: 401, body: { error: { type: 'invalid_request_error' } } }, view)
  }
  t.match(await sendJson('POST', '/assistant/conversations/x/messages/y/feedbacks', { thumbDirection: 'up' }), { status: 401, body: { error: { type: 'not_authenticated' } } })
})
