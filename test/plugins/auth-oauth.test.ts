import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { generateKeyPairSync } from 'node:crypto'
import t, { type Test } from 'tap'
import { readMetrics } from '../fixtures/metrics.ts'
import { postStateless } from '../fixtures/stateless.ts'
import { startTokenIssuer, TokenIssuer, type Claims } from '../fixtures/token-issuer.ts'
import { initialize, JSON_HEADERS, openSession, post, startServiceAlone, toolCall, until } from '../helper.ts'

const AUDIENCE = 'https://mcp.example.com/mcp'
const METADATA_PATH = '/.well-known/oauth-protected-resource'

async function start (t: Test, issuer: TokenIssuer, environment: Record<string, string> = {}) {
  const running = await startServiceAlone(t, { AUTH_MODE: 'oauth', OAUTH_ISSUER: issuer.issuer, OAUTH_AUDIENCE: AUDIENCE, HEALTH_CHECK_INTERVAL: '1h', RATE_LIMIT_WRONG_CREDENTIALS: '0', ...environment })
  const bearer = async (claims?: Claims) => ({ authorization: `Bearer ${await issuer.sign(AUDIENCE, claims)}` })
  const status = async (token: string): Promise<number> => {
    const response = await post(running.address, initialize, { authorization: `Bearer ${token}` })
    await response.body?.cancel()
    return response.status
  }
  return { ...running, bearer, status }
}

t.test('tells anybody, also pages of any origin, where to get a token', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { address } = await start(t, issuer, { OAUTH_SCOPES: 'dust:ask, dust:read' })
  for (const path of [METADATA_PATH, `${METADATA_PATH}/mcp`]) {
    const response = await fetch(address + path, { headers: { origin: 'https://app.example.com' } })
    t.equal(response.status, 200, path)
    t.equal(response.headers.get('access-control-allow-origin'), '*')
    t.match(response.headers.get('content-type'), /^application\/json/)
    t.same(await response.json(), {
      resource: AUDIENCE,
      resource_name: 'Dust',
      authorization_servers: [issuer.issuer],
      scopes_supported: ['dust:ask', 'dust:read'],
      bearer_methods_supported: ['header']
    })
    const preflight = await fetch(address + path, { method: 'OPTIONS', headers: { origin: 'https://app.example.com', 'access-control-request-method': 'GET', 'access-control-request-headers': 'mcp-protocol-version' } })
    t.match([preflight.status, preflight.headers.get('access-control-allow-origin'), preflight.headers.get('access-control-allow-headers')], [204, '*', 'mcp-protocol-version'])
  }
  t.match((await post(address, initialize)).headers.get('www-authenticate'), /scope="dust:ask dust:read", resource_metadata="https:\/\/mcp\.example\.com\/\.well-known\/oauth-protected-resource\/mcp"$/)
})

t.test('below another path, and without scopes, it says so', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { address } = await start(t, issuer, { OAUTH_AUDIENCE: 'https://example.com/dust/mcp' })
  const description: unknown = await (await fetch(`${address}${METADATA_PATH}/dust/mcp`)).json()
  t.match(description, { resource: 'https://example.com/dust/mcp' })
  t.notOk(Object.hasOwn(Object(description), 'scopes_supported'))
  t.equal((await post(address, initialize)).headers.get('www-authenticate'), 'Bearer realm="mcp-dust-server", resource_metadata="https://example.com/.well-known/oauth-protected-resource/dust/mcp"')
})

t.test('the caller is whom the token names, in both lanes, and a session is nobody else\'s', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { address, bearer, logLines } = await start(t, issuer)
  const ada = await openSession(address, {}, await bearer())
  t.equal((await post(address, toolCall(1, 'nothing'), { ...ada, ...await bearer() })).status, 200, 'also with another token of hers')
  t.equal((await postStateless(address, 'tools/list', {}, { headers: await bearer() })).status, 200)
  const operations = logLines.map((line): unknown => JSON.parse(line)).filter((line) => Object(line).msg === 'operation')
  t.equal(operations.length, 2)
  t.match(operations, [{ mcp: { caller: 'ada' } }, { mcp: { caller: 'ada' } }])

  for (const method of ['POST', 'GET', 'DELETE']) {
    const ask = async (session: Record<string, string>) => {
      const response = await fetch(`${address}/mcp`, { method, headers: { ...JSON_HEADERS, ...session, ...await bearer({ sub: 'bob' }) }, ...(method === 'POST' ? { body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'ping' }) } : {}) })
      return [response.status, await response.json()]
    }
    t.same(await ask(ada), await ask({ 'mcp-session-id': 'there-is-no-such-session' }), method)
  }
})

t.test('another claim may name the caller, and must then be there', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { address, bearer, logLines } = await start(t, issuer, { OAUTH_CALLER_CLAIM: 'https://example.com/employee' })
  t.equal((await post(address, initialize, await bearer())).status, 401)
  t.equal((await postStateless(address, 'tools/list', {}, { headers: await bearer({ 'https://example.com/employee': 'e-117' }) })).status, 200)
  t.ok(logLines.some((line) => line.includes('"caller":"e-117"')))
})

t.test('goes on with the keys that it has while the authorization server is away', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { address, status, service } = await start(t, issuer, { HEALTH_CHECK_INTERVAL: '50ms' })
  const authorization = () => service.health.report().checks['authorization']
  await until(() => authorization()?.status === 'ok')
  await issuer.stop()
  await until(() => authorization()?.status === 'error')
  t.match(await (await fetch(`${address}/health`)).json(), { status: 'degraded', checks: { authorization: { reason: /the keys of the authorization server can't be fetched: fetch failed \(ECONNREFUSED\)/ } } })
  t.equal((await fetch(`${address}/ready`)).status, 200)
  t.equal(await status(await issuer.sign(AUDIENCE)), 200)
  await issuer.start()
  await until(() => authorization()?.status === 'ok')
})

t.test('starts without the authorization server, answers 503 until there are keys, and needs nobody\'s help then', async (t) => {
  const issuer = await startTokenIssuer(t)
  await issuer.stop()
  const { address, bearer, status, logLines } = await start(t, issuer)
  const refused = await post(address, initialize, await bearer())
  t.equal(refused.status, 503)
  t.equal(refused.headers.get('www-authenticate'), null, 'a client must not think that its token is bad')
  t.equal(refused.headers.get('retry-after'), '5')
  t.match(await refused.json(), { jsonrpc: '2.0', error: { code: -32603, message: /the token can't be checked now; try again later/ } })
  t.equal((await post(address, initialize)).status, 401, 'for no token, no keys are needed')
  const page = await readMetrics(address)
  t.same(page.nonZero('mcp_dust_server_auth_failures_total'), { '{reason="unavailable"}': 1, '{reason="missing"}': 1 })
  t.ok(page.series.includes('mcp_dust_server_auth_failures_total{reason="wrong_audience"}'), 'the others are there to rise')
  t.equal(logLines.filter((line) => line.includes('"level":50') && line.includes('authorization server')).length, 1, 'an outage is logged once')

  await issuer.start()
  const token = await issuer.sign(AUDIENCE)
  await until(async () => await status(token) === 200)
  t.ok(logLines.some((line) => line.includes('were fetched again')))
})

t.test('a new key counts at once, a withdrawn one no more', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { status } = await start(t, issuer)
  const old = await issuer.sign(AUDIENCE)
  t.equal(await status(old), 200)
  await issuer.rotate()
  t.equal(await status(await issuer.sign(AUDIENCE)), 200)
  t.equal(await status(old), 401)
})

t.test('asks no metadata when it is told where the keys are', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { status } = await start(t, issuer, { OAUTH_JWKS_URL: `${issuer.issuer}/jwks` })
  t.equal(await status(await issuer.sign(AUDIENCE)), 200)
  t.same([...new Set(issuer.requests)], ['/jwks'])
})

t.test('a key of the issuer that is too weak lets nobody in, and breaks nothing', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  issuer.otherKeys = [{ ...publicKey.export({ format: 'jwk' }), kty: 'RSA', kid: 'weak', alg: 'RS256' }, { kty: 'RSA', kid: 'broken', alg: 'RS256', n: '!', e: 'AQAB' }]
  const { status } = await start(t, issuer)
  for (const kid of ['weak', 'broken']) t.equal(await status(await issuer.sign(AUDIENCE, {}, { kid })), 401, kid)
  t.equal(await status(await issuer.sign(AUDIENCE)), 200)
})

t.test('a token need not say which key it was signed with, be there several', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { publicKey, privateKey } = await generateKeyPair('RS256')
  const { publicKey: weak } = generateKeyPairSync('rsa', { modulusLength: 1024 })
  issuer.otherKeys = [{ ...weak.export({ format: 'jwk' }), kty: 'RSA' }, await exportJWK(publicKey)]
  const { address, status } = await start(t, issuer)
  const sign = async (claims: Claims = {}, key = privateKey) => new SignJWT({ iss: issuer.issuer, aud: AUDIENCE, sub: 'ada', exp: Date.now(), ...claims }).setProtectedHeader({ alg: 'RS256' }).sign(key)
  t.equal(await status(await sign()), 200)
  t.match((await post(address, initialize, { authorization: `Bearer ${await sign({ exp: 1 })}` })).headers.get('www-authenticate'), /the token has expired/)
  t.equal(await status(await sign({ aud: 'https://other.example.com' })), 401)
  t.equal(await status(await sign({}, (await generateKeyPair('RS256')).privateKey)), 401, 'signed by a stranger')
})

t.test('whatever a token looks like, it is refused and nothing else happens', async (t) => {
  const issuer = await startTokenIssuer(t)
  const { status } = await start(t, issuer)
  const [header = '', payload = '', signature = ''] = (await issuer.sign(AUDIENCE)).split('.')
  const json = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const { kid } = issuer.publicKey
  const tokens = [
    '.', '..', '...', 'a.b.c', 'e30.e30.', `${header}.${payload}`, `${header}.${payload}.${signature}.`, `.${payload}.${signature}`, `${header}..${signature}`,
    'x'.repeat(10_000), `${json([])}.${payload}.${signature}`, `${json(null)}.${payload}.${signature}`, `${header}.${json([])}.${signature}`, `${header}.${json('x')}.${signature}`,
    ...[{}, { alg: 7 }, { alg: ['RS256'] }, { alg: 'RS256', kid: 7 }, { alg: 'RS256', kid, crit: ['exp'], exp: 1 }, { alg: 'RS256', kid, b64: false, crit: ['b64'] }, { alg: 'RS256', kid, typ: {} }, { alg: 'ES256', kid }, { alg: 'none', kid }, { alg: 'RS256', kid: '__proto__' }, { alg: 'RS256', enc: 'A256GCM' }]
      .map((header) => `${json(header)}.${payload}.${signature}`),
    ...Array.from({ length: payload.length }, (_, index) => `${header}.${payload.slice(0, index)}${payload[index] === 'A' ? 'B' : 'A'}${payload.slice(index + 1)}.${signature}`)
  ]
  const statuses = await Promise.all(tokens.map(status))
  t.same([...new Set(statuses)], [401], `${tokens.length} tokens`)
  for (const claims of [{ exp: 'soon' }, { exp: 1e99 }, { exp: -1 }, { nbf: '0' }, { aud: {} }, { aud: [] }, { sub: '' }, { sub: ['ada'] }]) {
    const expected = JSON.stringify(claims) === '{"exp":1e+99}' ? 200 : 401
    t.equal(await status(await issuer.sign(AUDIENCE, claims)), expected, JSON.stringify(claims))
  }
})
