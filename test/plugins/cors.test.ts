import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { readStream } from '../fixtures/event-reader.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { addTestTools } from '../fixtures/tools.ts'
import { initialize, openSession, post, startServiceAlone, toolCall, until } from '../helper.ts'

const PAGE = 'https://app.example:8443'
const TOKEN = 'the-token-of-ada-is-long'
const settings = { ALLOWED_ORIGINS: PAGE, AUTH_MODE: 'token', AUTH_TOKENS: `ada:${TOKEN}` }
const bearer = { authorization: `Bearer ${TOKEN}` }

const preflight = (address: string, headers: Record<string, string>) => fetch(`${address}/mcp`, { method: 'OPTIONS', headers })

t.test('a browser that asks for an allowed page learns what the page may send, without a credential', async (t) => {
  const { address } = await startServiceAlone(t, settings)
  const response = await preflight(address, {
    origin: PAGE, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization,content-type,Mcp-Param-Region,x-evil'
  })
  t.equal(response.status, 204)
  t.equal(response.headers.get('access-control-allow-origin'), PAGE)
  t.equal(response.headers.get('access-control-allow-credentials'), null, 'no cookies')
  t.same(response.headers.get('access-control-allow-methods')?.split(', '), ['GET', 'POST', 'DELETE'])
  const allowed = response.headers.get('access-control-allow-headers')?.split(', ')
  for (const name of ['authorization', 'content-type', 'accept', 'mcp-session-id', 'mcp-protocol-version', 'last-event-id', 'mcp-method', 'mcp-name', 'mcp-param-region']) t.ok(allowed?.includes(name), name)
  t.notOk(allowed?.includes('x-evil'))
  t.match(response.headers.get('vary'), /Origin/)
})

t.test('a browser that asks for another page learns nothing', async (t) => {
  const { address } = await startServiceAlone(t, settings)
  const asks = { 'access-control-request-method': 'POST' }
  for (const [origin, status] of [['https://evil.example', 403], ['null', 403], [`${PAGE}0`, 403], ['http://localhost:3000', 401]] as const) {
    const response = await preflight(address, { origin, ...asks })
    t.equal(response.status, status, origin)
    t.notOk([...response.headers.keys()].some((name) => name.startsWith('access-control-')), origin)
  }
  for (const headers of [{ origin: PAGE }, asks]) t.equal((await preflight(address, { ...headers, ...bearer })).status, 405, 'that is no preflight')
})

t.test('an allowed page can also read that the server is overloaded', async (t) => {
  const { service, address } = await startServiceAlone(t, { ...settings, PRESSURE_MAX_RSS: '1m' }, (service) => {
    // While a hook of a plugin takes its time, a reply is on its way but not sent.
    service.addHook('onSend', async (_request, _reply, payload) => {
      await nextTurn()
      return payload
    })
  })
  await until(() => service.isUnderPressure())
  t.equal((await preflight(address, { origin: PAGE, 'access-control-request-method': 'POST' })).status, 204)
  const refused = await post(address, initialize, { origin: PAGE, ...bearer })
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('access-control-allow-origin'), PAGE)
  t.match(refused.headers.get('access-control-expose-headers'), 'retry-after')
  t.equal((await post(address, initialize, { origin: 'https://evil.example' })).headers.get('access-control-allow-origin'), null)
})

t.test('an allowed page can read every answer, refusals and streams included', async (t) => {
  const { address } = await startServiceAlone(t, settings, (service) => service.after(() => { addTestTools(service) }))
  const from = { origin: PAGE, ...bearer }
  const session = await openSession(address, {}, from)
  const answers = {
    'no token': await post(address, initialize, { origin: PAGE }),
    'a wrong body': await post(address, '{', from),
    'a quick answer': await post(address, toolCall(1, 'echo', { text: 'a' }), { ...session, ...from }),
    'a stream': await post(address, toolCall(2, 'progress', {}, 'p'), { ...session, ...from }),
    'a stream without a session': await postStateless(address, 'tools/call', { name: 'progress', arguments: {} }, { headers: from, progressToken: 'p', logLevel: 'debug' }),
    'no such session': await post(address, toolCall(1, 'echo'), { 'mcp-session-id': 'none', ...from })
  }
  t.same(Object.values(answers).map(({ status }) => status), [401, 400, 200, 200, 200, 404])
  for (const [name, response] of Object.entries(answers)) {
    t.equal(response.headers.get('access-control-allow-origin'), PAGE, name)
    const exposed = response.headers.get('access-control-expose-headers')?.split(', ')
    for (const header of ['mcp-session-id', 'www-authenticate', 'x-request-id', 'retry-after']) t.ok(exposed?.includes(header), `${name}: ${header}`)
    await response.body?.cancel()
  }
  t.match(answers['a stream'].headers.get('content-type'), /event-stream/)
  t.match(answers['a stream without a session'].headers.get('content-type'), /event-stream/)
  const reader = await readStream(address, { ...session, ...from })
  reader.leave()
  t.equal((await post(address, initialize, bearer)).headers.get('access-control-allow-origin'), null, 'who is no browser is told nothing of it')
})

t.test('no answer can be guessed at, framed or cached', async (t) => {
  const { address } = await startServiceAlone(t, settings)
  for (const path of ['/mcp', '/health', '/metrics', '/nothing', '/%ZZ']) {
    const { headers } = await fetch(address + path)
    t.equal(headers.get('x-content-type-options'), 'nosniff', path)
    t.equal(headers.get('referrer-policy'), 'no-referrer', path)
    t.equal(headers.get('content-security-policy'), 'default-src \'none\'; frame-ancestors \'none\'', path)
  }
  t.equal((await post(address, initialize, bearer)).headers.get('cache-control'), 'no-store')
  const session = await openSession(address, {}, bearer)
  const stream = await fetch(`${address}/mcp`, { headers: { accept: 'text/event-stream', ...session, ...bearer } })
  t.equal(stream.headers.get('cache-control'), 'no-cache, no-transform')
  await stream.body?.cancel()
})
