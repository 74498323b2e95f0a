import { Client as ClientOfSdk2, StreamableHTTPClientTransport as TransportOfSdk2, UnauthorizedError as UnauthorizedInSdk2, type VersionNegotiationMode } from '@modelcontextprotocol/client'
import { UnauthorizedError as UnauthorizedInSdk1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientOfSdk1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportOfSdk1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import t, { type Test } from 'tap'
import { logIn, SCOPE, startAuthorizationServer } from '../fixtures/authorization-server.ts'
import { startProxy } from '../fixtures/cuttable-proxy.ts'
import { RememberedLogin } from '../fixtures/oauth-client.ts'
import { initialize, post, startEmulator, startService, until } from '../helper.ts'

/** What the test needs of a client, whichever SDK it is of. */
interface TestClient {
  connect (): Promise<void>
  /** Takes what the authorization server sent the person back with. */
  finishLogin (redirected: URL): Promise<void>
  callTool (name: string, args: Record<string, unknown>): Promise<unknown>
  hasSession (): boolean
  close (): Promise<void>
}

const IDENTITY = { name: 'test', version: '1.0.0' }

function createSdk1 (url: URL, login: RememberedLogin): TestClient {
  const client = new ClientOfSdk1(IDENTITY)
  const transport = new TransportOfSdk1(url, { authProvider: login })
  return {
    // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
    connect: () => client.connect(transport as Transport),
    finishLogin: (redirected) => transport.finishAuth(redirected.searchParams.get('code') ?? ''),
    callTool: (name, args) => client.callTool({ name, arguments: args }),
    hasSession: () => transport.sessionId !== undefined,
    close: () => client.close()
  }
}

function createSdk2 (mode: VersionNegotiationMode, url: URL, login: RememberedLogin): TestClient {
  const client = new ClientOfSdk2(IDENTITY, { versionNegotiation: { mode } })
  const transport = new TransportOfSdk2(url, { authProvider: login })
  return {
    connect: () => client.connect(transport),
    finishLogin: (redirected) => transport.finishAuth(redirected.searchParams),
    callTool: (name, args) => client.callTool({ name, arguments: args }),
    hasSession: () => transport.sessionId !== undefined,
    close: () => client.close()
  }
}

const CLIENTS = [
  { kind: 'SDK v1', create: createSdk1, Unauthorized: UnauthorizedInSdk1, hasSession: true },
  { kind: 'SDK v2', create: createSdk2.bind(null, 'legacy'), Unauthorized: UnauthorizedInSdk2, hasSession: true },
  { kind: 'SDK v2 without sessions', create: createSdk2.bind(null, 'auto'), Unauthorized: UnauthorizedInSdk2, hasSession: false }
]

/** The service behind a proxy, whose address is known before the service starts. */
async function start (t: Test) {
  const { environment } = await startEmulator(t)
  let target = ''
  const proxy = await startProxy(t, () => target)
  const resource = `${proxy.address}/mcp`
  const authorizationServer = await startAuthorizationServer(t, { resource, account: 'ada', accessTokenTtl: 1 })
  const service = await startService(t, {
    ...environment,
    AUTH_MODE: 'oauth',
    OAUTH_ISSUER: authorizationServer.issuer,
    OAUTH_AUDIENCE: resource,
    OAUTH_SCOPES: SCOPE,
    HEALTH_CHECK_INTERVAL: '1h' // so that new keys are fetched when a token needs them, or never
  })
  target = service.address
  return { authorizationServer, proxy, resource, logLines: service.logLines }
}

async function refusal (address: string, token: string): Promise<string> {
  const response = await post(address, initialize, { authorization: `Bearer ${token}` })
  await response.body?.cancel()
  const [, reason = 'let in'] = /error_description="([^"]*)"/.exec(response.headers.get('www-authenticate') ?? '') ?? []
  return reason
}

for (const { kind, create, Unauthorized, hasSession } of CLIENTS) {
  t.test(`${kind} logs in, calls a tool, refreshes its token, and survives new keys`, async (t) => {
    const { authorizationServer, proxy, resource, logLines } = await start(t)
    const ask = { agent: 'dust', message: 'Hello?' }
    const succeeded = { structuredContent: { status: 'succeeded' } }

    async function logInWith (login: RememberedLogin): Promise<TestClient> {
      const first = create(new URL(resource), login)
      const error = await first.connect().catch((error: unknown) => error)
      t.ok(error instanceof Unauthorized, 'the person has to log in')
      const [url] = login.authorizationUrls
      if (url === undefined) throw new Error('the client did not send the person anywhere')
      t.match(Object.fromEntries(url.searchParams), { resource, code_challenge_method: 'S256', response_type: 'code' })
      t.ok(url.searchParams.get('scope')?.split(' ').includes(SCOPE), 'it asks for the scope of the challenge')
      await first.finishLogin(await logIn(url, login.redirectUrl))
      await first.close()
      const client = create(new URL(resource), login)
      t.teardown(() => client.close())
      await client.connect()
      return client
    }

    const login = new RememberedLogin()
    const client = await logInWith(login)
    t.equal(client.hasSession(), hasSession)
    t.match(await client.callTool('dust_ask_agent', ask), succeeded)
    t.ok(logLines.some((line) => line.includes('"tools/call"') && line.includes('"caller":"ada"')), 'it is known by the name that the authorization server has for it')
    t.equal(authorizationServer.requests.filter((request) => request === 'POST /reg').length, 1, 'it registered itself')

    const [first = { access_token: '' }] = login.received
    await until(async () => await refusal(proxy.address, first.access_token) === 'the token has expired')
    t.match(await client.callTool('dust_ask_agent', ask), succeeded, 'the call goes on with a new token')
    t.ok(login.received.length > 1)
    t.equal(login.authorizationUrls.length, 1, 'nobody had to log in again')

    const { access_token: old = '' } = login.tokens() ?? {}
    await authorizationServer.rotateKeys()
    const other = new RememberedLogin()
    t.match(await (await logInWith(other)).callTool('dust_ask_agent', ask), succeeded, 'a token of the new key counts at once')
    t.equal(await refusal(proxy.address, old), 'the token is not signed with a key of its issuer')
    t.match(await client.callTool('dust_ask_agent', ask), succeeded, 'the first client gets itself another one')
    t.equal(login.authorizationUrls.length, 1)

    const secrets = [...login.received, ...other.received].flatMap(({ access_token: access, refresh_token: refresh = '' }) => [access, refresh])
    t.same(secrets.filter((secret) => logLines.some((line) => line.includes(secret))), [], 'no token is logged')
  })
}
