import { writeFileSync } from 'node:fs'
import t from 'tap'
import { ACCESS_TOKEN, makeCredentials, METRICS_TOKEN } from '../fixtures/credentials.ts'
import { toMarkdown, type Row } from '../fixtures/matrix.ts'
import { startTokenIssuer } from '../fixtures/token-issuer.ts'
import { initialize, JSON_HEADERS, startServiceAlone, until } from '../helper.ts'

const AUDIENCE = 'https://mcp.example.com/mcp'
const METADATA = 'resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"'
const ASK = `scope="dust:ask", ${METADATA}`
const MODES = ['none', 'token', 'oauth'] as const

/** What /mcp does with each credential, by AUTH_MODE. */
const AT_MCP = `
  credential                         | none | token     | oauth
  none                               | in   | missing   | missing
  another scheme                     | in   | malformed | malformed
  no token                           | in   | malformed | malformed
  two words                          | in   | malformed | malformed
  unknown token                      | in   | unknown   | no JWT
  token of AUTH_TOKENS               | in   | in        | no JWT
  METRICS_TOKEN                      | in   | unknown   | no JWT
  JWT, right                         | in   | unknown   | in
  JWT, right, scope as a list in scp | in   | unknown   | in
  JWT, right, for several audiences  | in   | unknown   | in
  JWT, expired                       | in   | unknown   | expired
  JWT, not yet valid                 | in   | unknown   | too early
  JWT, without an end                | in   | unknown   | claims
  JWT, of another issuer             | in   | unknown   | issuer
  JWT, for another audience          | in   | unknown   | audience
  JWT, for no audience               | in   | unknown   | audience
  JWT, wrong scope                   | in   | unknown   | scope
  JWT, no scope                      | in   | unknown   | scope
  JWT, of nobody                     | in   | unknown   | claims
  JWT, of another kind               | in   | unknown   | kind
  JWT, signed by a stranger          | in   | unknown   | signature
  JWT, with a key of its own         | in   | unknown   | signature
  JWT, with other claims             | in   | unknown   | signature
  JWT, alg none                      | in   | unknown   | algorithm
  JWT, unsigned                      | in   | unknown   | signature
  JWT, HS256 with the public key     | in   | unknown   | algorithm`

/** How /mcp refuses: status, message, and what of the challenge tells why. */
const REFUSALS: Record<string, [status: number, message: string, error: string]> = {
  missing: [401, 'a bearer token is needed', ''],
  malformed: [401, 'the Authorization header must be Bearer and a token', ''],
  unknown: [401, 'the token is not known here', 'invalid_token'],
  'no JWT': [401, 'the token is not a JWT', 'invalid_token'],
  expired: [401, 'the token has expired', 'invalid_token'],
  'too early': [401, 'the token is not valid yet', 'invalid_token'],
  claims: [401, 'the token lacks a claim that is needed, or has it in a wrong form', 'invalid_token'],
  issuer: [401, 'the token is not of {issuer}', 'invalid_token'],
  audience: [401, `the token is not for ${AUDIENCE}`, 'invalid_token'],
  kind: [401, 'the token is not an access token', 'invalid_token'],
  signature: [401, 'the token is not signed with a key of its issuer', 'invalid_token'],
  algorithm: [401, 'the token is not signed with an algorithm that counts', 'invalid_token'],
  scope: [403, 'the token does not allow this', 'insufficient_scope']
}

type Answer = Pick<Row, 'status' | 'body' | 'challenge'>

const METADATA_PATH = '/.well-known/oauth-protected-resource'
const OPEN: Record<string, Answer> = {
  'GET /health': { status: 200, body: '{checks, status, timestamp, version}', challenge: '' },
  'GET /ready': { status: 200, body: '{status, timestamp}', challenge: '' },
  'GET /livez': { status: 200, body: '{status}', challenge: '' }
}
const LET_IN: Record<string, Answer> = {
  'POST /mcp': { status: 200, body: 'JSON-RPC result', challenge: '' },
  'GET /mcp': { status: 400, body: 'JSON-RPC error -32000: Bad Request: the Mcp-Session-Id header is missing', challenge: '' },
  'DELETE /mcp': { status: 400, body: 'JSON-RPC error -32000: Bad Request: the Mcp-Session-Id header is missing', challenge: '' }
}
const ROUTES = [...Object.keys(LET_IN), 'GET /metrics', 'GET /metrics (METRICS_TOKEN is set)', ...Object.keys(OPEN), `GET ${METADATA_PATH}`, `GET ${METADATA_PATH}/mcp`]

/** More wrong credentials come from one address than anybody would bring. */
const UNLIMITED = { RATE_LIMIT_WRONG_CREDENTIALS: '0' }

t.test('what each route does with each credential, by AUTH_MODE', async (t) => {
  const issuer = await startTokenIssuer(t)
  const credentials = await makeCredentials(issuer, AUDIENCE)
  const environments = {
    none: {},
    token: { AUTH_MODE: 'token', AUTH_TOKENS: `ada:${ACCESS_TOKEN}` },
    oauth: { AUTH_MODE: 'oauth', OAUTH_ISSUER: issuer.issuer, OAUTH_AUDIENCE: AUDIENCE, OAUTH_SCOPES: 'dust:ask' }
  }
  const atMcp = readGrid(AT_MCP)
  t.same([...atMcp.keys()], Object.keys(credentials), 'every credential has its line')

  const rows: Row[] = []
  for (const mode of MODES) {
    const open = await startServiceAlone(t, { ...environments[mode], ...UNLIMITED })
    const scraped = await startServiceAlone(t, { ...environments[mode], METRICS_TOKEN, ...UNLIMITED })
    for (const { service } of [open, scraped]) await until(() => service.health.results().every(({ durationMs }) => durationMs !== null))
    for (const route of ROUTES) {
      for (const [credential, authorization] of Object.entries(credentials)) {
        const { address } = route.includes('METRICS_TOKEN') ? scraped : open
        const answer = await ask(address, route, authorization)
        const kind = atMcp.get(credential)?.[mode] ?? ''
        t.same(answer, expected(mode, route, credential, kind, issuer.issuer), `${mode}, ${route}: ${credential}`)
        rows.push({ mode, route, credential, ...answer })
      }
    }
    for (const { logLines } of [open, scraped]) {
      const secrets = Object.values(credentials).flatMap((authorization = '') => authorization.replace(/^(Bearer|Basic) ?/, '') || [])
      t.same(secrets.filter((secret) => logLines.some((line) => line.includes(secret))), [], 'no credential is logged')
    }
  }
  // For people: AUTH_MATRIX_FILE=matrix.md npx tap test/plugins/auth-matrix.test.ts
  const { AUTH_MATRIX_FILE: file } = process.env
  if (file !== undefined) writeFileSync(file, toMarkdown(rows).replaceAll(issuer.issuer, '<issuer>'))
})

function expected (mode: typeof MODES[number], route: string, credential: string, kind: string, issuer: string): Answer {
  const page = { status: 200, body: 'text/plain', challenge: '' }
  if (route === 'GET /metrics') return page
  if (route.includes('METRICS_TOKEN')) return credential === 'METRICS_TOKEN' ? page : { status: 401, body: '{error, message, statusCode}', challenge: 'Bearer realm="metrics"' }
  if (route.includes('.well-known')) {
    return mode === 'oauth'
      ? { status: 200, body: '{authorization_servers, bearer_methods_supported, resource, resource_name, scopes_supported}', challenge: '' }
      : { status: 404, body: '{error, message, statusCode}', challenge: '' }
  }
  const always = OPEN[route] ?? (kind === 'in' ? LET_IN[route] : undefined)
  if (always !== undefined) return always
  const [status, words, error] = REFUSALS[kind] ?? [0, '', '']
  const message = words.replace('{issuer}', issuer)
  const why = error === '' ? '' : `, error="${error}", error_description="${message}"`
  return {
    status,
    body: `JSON-RPC error -32000: ${status === 403 ? 'Forbidden' : 'Unauthorized'}: ${message}`,
    challenge: `Bearer realm="mcp-dust-server"${why}${mode === 'oauth' ? `, ${ASK}` : ''}`
  }
}

async function ask (address: string, route: string, authorization: string | undefined): Promise<Answer> {
  const [method = '', path = ''] = route.split(' ')
  const response = await fetch(address + path, {
    method,
    headers: { ...JSON_HEADERS, ...(authorization === undefined ? {} : { authorization }) },
    ...(method === 'POST' ? { body: JSON.stringify(initialize) } : {})
  })
  return { status: response.status, body: summarize(response.headers.get('content-type') ?? '', await response.text()), challenge: response.headers.get('www-authenticate') ?? '' }
}

function summarize (type: string, text: string): string {
  if (!type.startsWith('application/json')) return type.split(';', 1)[0] ?? ''
  const body: Record<string, unknown> = Object(JSON.parse(text))
  if (body['jsonrpc'] === undefined) return `{${Object.keys(body).sort().join(', ')}}`
  const { code, message } = Object(body['error'])
  return body['error'] === undefined ? 'JSON-RPC result' : `JSON-RPC error ${code}: ${message}`
}

/** A table in words, as a row of named cells for each credential. */
function readGrid (grid: string): Map<string, Record<string, string>> {
  const [head = [], ...lines] = grid.trim().split('\n').map((line) => line.split('|').map((cell) => cell.trim()))
  return new Map(lines.map((cells) => [cells[0] ?? '', Object.fromEntries(head.map((name, index) => [name, cells[index] ?? '']))]))
}
