import { SignJWT, generateKeyPair, jwtVerify } from 'jose'
import t, { type Test } from 'tap'
import { KeySource, KeysUnavailable } from '../../../src/auth/key-source.ts'
import { startTokenIssuer, type TokenIssuer } from '../../fixtures/token-issuer.ts'
import { until } from '../../helper.ts'

const HOUR_MS = 3_600_000

/** Where keys come from, by a clock that stands still. */
async function start (t: Test, prepare?: (issuer: TokenIssuer) => void) {
  const issuer = await startTokenIssuer(t)
  prepare?.(issuer)
  const clock = { ms: 0 }
  const events: string[] = []
  const keys = new KeySource({
    issuer: issuer.issuer,
    jwksUrl: null,
    onOutage: ({ message }) => { events.push(message) },
    onRecovery: () => { events.push('recovered') },
    now: () => clock.ms
  })
  t.teardown(() => { keys.close() })
  const verify = async () => jwtVerify(await issuer.sign('me'), keys.find)
  const fetches = () => issuer.requests.filter((path) => path === '/jwks').length
  return { issuer, clock, events, keys, verify, fetches }
}

t.test('keys are fetched once, and again in the background when they have aged', async (t) => {
  const { clock, verify, fetches } = await start(t)
  await Promise.all([verify(), verify(), verify()])
  await verify()
  t.equal(fetches(), 1)
  clock.ms += HOUR_MS
  await verify()
  await until(() => fetches() === 2)
})

t.test('known keys count for a day while the server is away, and not longer', async (t) => {
  const { issuer, clock, events, verify } = await start(t)
  await verify()
  await issuer.stop()
  for (let hours = 1; hours < 24; hours++) {
    clock.ms += HOUR_MS
    await verify()
  }
  clock.ms += 2 * HOUR_MS
  await t.rejects(verify(), KeysUnavailable)
  t.match(events, [/can't be fetched: fetch failed \(ECONNREFUSED\)/])
  t.equal(events.length, 1, 'an outage is told once')
  await issuer.start()
  clock.ms += HOUR_MS
  await verify()
  t.same(events.slice(1), ['recovered'])
})

t.test('made-up keys make the server be asked no more than once at a time', async (t) => {
  const { keys, verify, fetches } = await start(t)
  await verify()
  const { privateKey } = await generateKeyPair('RS256')
  const madeUp = await Promise.all(Array.from({ length: 100 }, (_, index) => new SignJWT({}).setProtectedHeader({ alg: 'RS256', kid: `made-up-${index}` }).sign(privateKey)))
  const results = await Promise.allSettled(madeUp.map(async (token) => jwtVerify(token, keys.find)))
  t.ok(results.every(({ status }) => status === 'rejected'))
  t.ok(fetches() <= 3, `${fetches()} fetches for 100 tokens`)
})

t.test('says what is wrong with the server', async (t) => {
  const cases: Array<[string, (issuer: TokenIssuer) => void, RegExp]> = [
    ['another name', (issuer) => { issuer.metadata = { issuer: 'https://login.example.com/' } }, /OAUTH_ISSUER is http:.*calls itself "https:\/\/login\.example\.com\/"/],
    ['no address of keys', (issuer) => { issuer.metadata = { jwks_uri: undefined } }, /no jwks_uri that can be trusted; OAUTH_JWKS_URL/],
    ['an address without TLS', (issuer) => { issuer.metadata = { jwks_uri: 'http://login.example.com/jwks' } }, /no jwks_uri that can be trusted/],
    ['an address that only looks local', (issuer) => { issuer.metadata = { jwks_uri: 'http://127.0.0.1.example.com/jwks' } }, /no jwks_uri that can be trusted/],
    ['no metadata', (issuer) => { issuer.metadataPath = '/elsewhere' }, /has no metadata at any of \/\.well-known\/oauth-authorization-server \/\.well-known\/openid-configuration;/],
    ['a fault', (issuer) => { issuer.status = 500 }, /answered 500$/],
    ['a redirect', (issuer) => { issuer.status = 302 }, /has no metadata/],
    ['something else than keys', (issuer) => { issuer.metadata = { jwks_uri: `${issuer.issuer}/.well-known/oauth-authorization-server` } }, /has no keys$/],
    ['silence', (issuer) => { issuer.isSilent = true }, /no answer within 4000 ms$/]
  ]
  for (const [name, prepare, message] of cases) {
    const { keys } = await start(t, prepare)
    await t.rejects(keys.refresh(), { name: 'KeysUnavailable', message }, name)
  }
})

t.test('finds the metadata where OpenID Connect has them, too, and below a path', async (t) => {
  const { verify } = await start(t, (issuer) => { issuer.metadataPath = '/.well-known/openid-configuration' })
  await verify()
  const issuer = await startTokenIssuer(t)
  for (const path of ['/.well-known/oauth-authorization-server/realms/one', '/.well-known/openid-configuration/realms/one', '/realms/one/.well-known/openid-configuration']) {
    issuer.metadataPath = path
    issuer.metadata = { issuer: `${issuer.issuer}/realms/one` }
    const keys = new KeySource({ issuer: `${issuer.issuer}/realms/one`, jwksUrl: null, onOutage: () => {}, onRecovery: () => {} })
    await t.resolves(keys.refresh(), path)
    keys.close()
  }
})

t.test('closing ends what is under way', async (t) => {
  const { issuer, keys, events } = await start(t, (issuer) => { issuer.isSilent = true })
  const refreshing = keys.refresh()
  refreshing.catch(() => {})
  await until(() => issuer.requests.length > 0)
  keys.close()
  await t.rejects(refreshing, KeysUnavailable)
  await t.rejects(keys.refresh(), { message: 'the service is closing' })
  t.same(events, [])
})
