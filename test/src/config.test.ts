import t from 'tap'
import { ConfigError, loadConfig } from '../../src/config.ts'

const required = { DUST_API_KEY: 'sk-secret', DUST_WORKSPACE_ID: 'abc' }

function faultsOf (env: Record<string, string>): readonly string[] {
  try {
    loadConfig({ ...required, ...env })
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
  return []
}

t.test('has a default for everything but the key and the workspace', async (t) => {
  const config = loadConfig(required)
  t.match(config.server, { host: '127.0.0.1', port: 5001, bodyLimitBytes: 4 * 1024 * 1024, drainTimeoutMs: 30_000 })
  t.match(config.dust, { credentials: { apiKey: 'sk-secret', workspaceId: 'abc' }, baseUrl: 'https://dust.tt', runTimeoutMs: 900_000, maxRuns: 100 })
  t.match(config.sessions, { storeUrl: 'sqlite:./data/mcp-dust-server.db', ttlMs: 86_400_000, limit: 10_000, eventLogLimitBytes: 268_435_456 })
})

t.test('converts sizes and durations', async (t) => {
  const sizes = { 1: 1, '512k': 524_288, '2M': 2_097_152, '1g': 1_073_741_824 }
  for (const [word, bytes] of Object.entries(sizes)) t.equal(loadConfig({ ...required, BODY_LIMIT: word }).server.bodyLimitBytes, bytes, word)
  const durations = { 0: 0, '0s': 0, '250ms': 250, '2s': 2000, '3m': 180_000, '1h': 3_600_000, '2d': 172_800_000 }
  for (const [word, ms] of Object.entries(durations)) t.equal(loadConfig({ ...required, DRAIN_TIMEOUT: word }).server.drainTimeoutMs, ms, word)
})

t.test('counts an empty or blank value as not set', async (t) => {
  t.equal(loadConfig({ ...required, PORT: '', LOG_LEVEL: '  ' }).server.port, 5001)
  t.match(faultsOf({ DUST_API_KEY: '' }), [/^DUST_API_KEY is not set/])
})

t.test('takes the address of a Redis as it is', async (t) => {
  for (const url of ['redis://redis:6379', 'rediss://ada:p%40ss@redis.example.com/2', 'redis://:word@[::1]:7000']) {
    t.equal(loadConfig({ ...required, STORE_URL: url }).sessions.storeUrl, url)
  }
})

t.test('drops the path and the slash from the base address', async (t) => {
  t.equal(loadConfig({ ...required, DUST_BASE_URL: 'https://eu.dust.tt/' }).dust.baseUrl, 'https://eu.dust.tt')
})

t.test('refuses what it does not understand and says what is allowed', async (t) => {
  const wrong: Array<[string, string, RegExp]> = [
    ['PORT', 'abc', /PORT is "abc"; it must be a whole number from 0 to 65535/],
    ['PORT', '70000', /whole number from 0 to 65535/],
    ['DUST_MAX_RUNS', '0', /whole number of at least 1/],
    ['DUST_TOOLS', 'agents,cooking', /one or more of agents, conversations, approvals, files, knowledge/],
    ['DUST_TOOLS', ',', /one or more of/],
    ['DUST_AGENTS', ' , ', /one or more names/],
    ['LOG_LEVEL', 'loud', /LOG_LEVEL is "loud"; it must be one of trace, debug, info/],
    ['LOG_FORMAT', 'xml', /one of json, pretty/],
    ['TRUST_PROXY', 'yes', /true or false/],
    ['BODY_LIMIT', '4mb', /a size above 0/],
    ['BODY_LIMIT', '0', /a size above 0/],
    ['BODY_LIMIT', '99999999999g', /a size above 0/],
    ['DRAIN_TIMEOUT', '30', /a duration/],
    ['DRAIN_TIMEOUT', '25d', /at most 24d/],
    ['SESSION_TTL', '0s', /a duration above 0/],
    ['DUST_BASE_URL', 'https://dust.tt/w/abc', /without a path/],
    ['DUST_BASE_URL', 'ftp://dust.tt', /http or https/],
    ['DUST_WORKSPACE_ID', 'a/b', /id in the workspace's address/],
    ['DUST_TIMEZONE', 'X/Y', /IANA time zone/],
    ['DUST_TIMEZONE', '+02:00', /IANA time zone/],
    ['DUST_USERNAME', 'x'.repeat(300), /at most 254 characters/],
    ['EVENT_LOG_LIMIT', '0', /a size above 0/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4318', /an http or https address without credentials/],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://ada:word@collector:4318', /OTEL_EXPORTER_OTLP_HEADERS/],
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://collector/v1/traces?key=word', /without credentials, query or fragment/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-key', /^OTEL_EXPORTER_OTLP_HEADERS is \(hidden\); it must be name=value/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-key=a%0d%0ab', /name=value/],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'x-key=100%', /name=value/],
    ['OTEL_RESOURCE_ATTRIBUTES', '=test', /name=value/],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', /one of always_on, always_off/],
    ['OTEL_TRACES_SAMPLER_ARG', '1.5', /a number from 0 to 1/],
    ...['mysql://x', 'redis://', 'REDISS://host', 'redis://:a?b@host', 'redis://host/name', 'redis://host?commandTimeout=9', 'redis://:100%@host', 'redis://host:99999']
      .map((url): [string, string, RegExp] => ['STORE_URL', url, /^STORE_URL is \(hidden\); it must be sqlite:<file>.* redis:\/\//])
  ]
  for (const [name, value, message] of wrong) {
    const faults = faultsOf({ [name]: value })
    t.equal(faults.length, 1, `${name}=${value.slice(0, 30)} is one fault`)
    t.match(faults[0], message)
  }
})

t.test('traces when there is a collector, and nobody switches it off', async (t) => {
  const endpoint = 'http://collector:4318'
  t.equal(loadConfig(required).tracing, null)
  t.equal(loadConfig({ ...required, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SDK_DISABLED: 'true' }).tracing, null)
  t.match(loadConfig({ ...required, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }).tracing, {
    tracesUrl: `${endpoint}/v1/traces`, headers: {}, resourceAttributes: { 'service.name': 'mcp-dust-server' }, sampler: 'parentbased_always_on', tellsDust: false
  })
  t.equal(loadConfig({ ...required, OTEL_EXPORTER_OTLP_ENDPOINT: `${endpoint}/otlp/` }).tracing?.tracesUrl, `${endpoint}/otlp/v1/traces`)
  t.match(loadConfig({
    ...required,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/in',
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20YTpi=, x-team = ada',
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=dust,deployment.environment.name=M%C3%BCnchen'
  }).tracing, {
    tracesUrl: 'https://traces.example.com/in',
    headers: { authorization: 'Basic YTpi=', 'x-team': 'ada' },
    resourceAttributes: { 'service.name': 'dust', 'deployment.environment.name': 'München' }
  })
})

t.test('reports all faults at once, a line each, and no secret', async (t) => {
  const faults = faultsOf({ DUST_API_KEY: 'sk secret', PORT: 'abc', LOG_LEVEL: 'loud' })
  t.equal(faults.length, 3)
  t.notMatch(faults.join('\n'), /sk secret/)
})

t.test('serves the metrics at no path that is somebody else\'s', async (t) => {
  for (const METRICS_PATH of ['/mcp', '/health', '/.well-known/oauth-protected-resource', '/a/../b', 'metrics']) t.match(faultsOf({ METRICS_PATH }), [/^METRICS_PATH is/], METRICS_PATH)
  t.same(faultsOf({ METRICS_PATH: '/internal/metrics.txt' }), [])
})

t.test('shows no page of metrics that are not kept', async (t) => {
  t.match(faultsOf({ STATUS_PAGE: 'on', ENABLE_METRICS: 'false' }), [/^STATUS_PAGE is on, but ENABLE_METRICS is false/])
  t.match(faultsOf({ STATUS_PAGE: 'true' }), [/one of auto, on, off/])
  for (const fine of [{ STATUS_PAGE: 'off', ENABLE_METRICS: 'false' }, { ENABLE_METRICS: 'false' }, { STATUS_PAGE: 'on' }]) t.same(faultsOf(fine), [], JSON.stringify(fine))
})

t.test('lets nobody listen to other machines without saying who may come in', async (t) => {
  const tokens = 'ada:a-long-random-word'
  t.match(faultsOf({ HOST: '0.0.0.0' }), [/HOST is "0.0.0.0" and AUTH_MODE is none.*AUTH_MODE to token.*ALLOW_UNAUTHENTICATED/])
  t.match(faultsOf({ HOST: '127.example.com' }), [/HOST is "127.example.com" and AUTH_MODE is none/], 'a name may lead anywhere')
  t.match(faultsOf({ AUTH_MODE: 'token' }), [/AUTH_TOKENS is not set, but AUTH_MODE is token/])
  t.match(faultsOf({ AUTH_TOKENS: tokens }), [/AUTH_TOKENS is set, but AUTH_MODE is none/])
  t.match(faultsOf({ AUTH_MODE: 'token', AUTH_TOKENS: 'ada' }), [/AUTH_TOKENS is \(hidden\); it must be name:token/])
  for (const fine of [
    { HOST: '127.0.0.2' }, { HOST: '::1' }, { HOST: 'localhost' }, { HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true' },
    { HOST: '0.0.0.0', AUTH_MODE: 'token', AUTH_TOKENS: tokens }
  ]) t.same(faultsOf(fine), [], JSON.stringify(fine))
})

t.test('lets in by OAuth only when it knows whose tokens count, and for whom they must be', async (t) => {
  const complete = { AUTH_MODE: 'oauth', OAUTH_ISSUER: 'https://login.example.com/', OAUTH_AUDIENCE: 'https://mcp.example.com/mcp' }
  t.same(loadConfig({ ...required, ...complete, HOST: '0.0.0.0', OAUTH_SCOPES: 'dust:ask, openid' }).access.oauth, {
    issuer: 'https://login.example.com/', audience: 'https://mcp.example.com/mcp', jwksUrl: null, scopes: ['dust:ask', 'openid'], callerClaim: 'sub'
  })
  t.equal(loadConfig(required).access.oauth, null)
  t.match(faultsOf({ AUTH_MODE: 'oauth' }), [/^OAUTH_ISSUER is not set, but AUTH_MODE is oauth/, /^OAUTH_AUDIENCE is not set, but AUTH_MODE is oauth/])
  for (const path of ['*/mcp', ':a/mcp', 'a%20b', 'é']) t.match(faultsOf({ ...complete, OAUTH_AUDIENCE: `https://mcp.example.com/${path}` }), [/^OAUTH_AUDIENCE is .*without \* % : in the path/], path)
  t.same(faultsOf({ ...complete, OAUTH_AUDIENCE: 'https://mcp.example.com:8443/a/mcp' }), [])
  t.match(faultsOf({ ...complete, AUTH_TOKENS: 'ada:a-long-random-word' }), [/^AUTH_TOKENS is set, but AUTH_MODE is oauth/])
  for (const mode of ['none', 'token']) {
    const tokens = mode === 'token' ? { AUTH_TOKENS: 'ada:a-long-random-word' } : {}
    t.match(faultsOf({ ...complete, ...tokens, AUTH_MODE: mode, OAUTH_JWKS_URL: 'https://login.example.com/jwks', OAUTH_SCOPES: 'dust:ask' }),
      ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URL', 'OAUTH_SCOPES'].map((name) => new RegExp(`^${name} is set, but AUTH_MODE is ${mode}, so it would not count`)))
  }
  const secure = ['https://login.example.com', 'https://login.example.com:8443/realms/one', 'http://127.0.0.1:3000', 'http://localhost:3000', 'http://[::1]:3000/mcp']
  const insecure = ['login.example.com', 'http://login.example.com', 'http://127.evil.example', 'http://localhost.evil.example', 'http://10.0.0.1', 'https://ada:word@login.example.com', 'ftp://login.example.com']
  for (const name of ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URL']) {
    for (const url of secure) t.same(faultsOf({ ...complete, [name]: url }), [], `${name}=${url}`)
    for (const url of insecure) t.match(faultsOf({ ...complete, [name]: url }), [new RegExp(`^${name} is ".*"; it must be .*https.*http on this machine only`)], `${name}=${url}`)
  }
  for (const name of ['OAUTH_ISSUER', 'OAUTH_AUDIENCE']) for (const url of ['https://login.example.com?a', 'https://login.example.com#a', 'https://login.example.com/"', 'https://bücher.example']) t.equal(faultsOf({ ...complete, [name]: url }).length, 1, url)
  for (const scopes of ['dust:ask openid', 'dust:"ask"', 'dust\\ask']) t.match(faultsOf({ ...complete, OAUTH_SCOPES: scopes }), [/^OAUTH_SCOPES is/], scopes)
  t.match(faultsOf({ ...complete, OAUTH_CALLER_CLAIM: 'e mail' }), [/^OAUTH_CALLER_CLAIM is/])
})

t.test('needs no key of its own when callers bring theirs', async (t) => {
  t.match(loadConfig({ DUST_KEY_PASSTHROUGH: 'true' }).dust, { credentials: null, hasKeyPassthrough: true })
  t.match(loadConfig({ ...required, DUST_KEY_PASSTHROUGH: 'true' }).dust, { credentials: { apiKey: 'sk-secret', workspaceId: 'abc' }, hasKeyPassthrough: true })
  t.match(loadConfig(required).dust, { hasKeyPassthrough: false })
  t.match(faultsOf({ DUST_API_KEY: '', DUST_KEY_PASSTHROUGH: 'true' }), [/^DUST_API_KEY is not set/], 'half of one is a mistake')
  t.match(faultsOf({ DUST_WORKSPACE_ID: '', DUST_KEY_PASSTHROUGH: 'true' }), [/^DUST_WORKSPACE_ID is not set/])
  t.match(faultsOf({ DUST_WORKSPACE_ID: '', DUST_API_KEY: '' }), [/^DUST_API_KEY is not set/, /^DUST_WORKSPACE_ID is not set/])
  t.match(faultsOf({ DUST_WORKSPACE_ID: '', DUST_API_KEY: '', DUST_KEY_PASSTHROUGH: 'yes' }), [/^DUST_API_KEY/, /^DUST_WORKSPACE_ID/, /^DUST_KEY_PASSTHROUGH.*true or false/])
  t.match(faultsOf({ DUST_WORKSPACE_ID: '', DUST_API_KEY: '', DUST_KEY_PASSTHROUGH: 'true', READY_REQUIRES_DUST: 'true' }), [/^READY_REQUIRES_DUST is true, but without DUST_API_KEY/])
})

t.test('takes secrets from files, too', async (t) => {
  const folder = t.testdir({ key: 'sk-from-file\n', tokens: 'ada:a-long-random-word\nbob:another-random-word\n', store: 'redis://:word@redis\n', wrong: 'no list' })
  const { dust, access } = loadConfig({ DUST_WORKSPACE_ID: 'abc', DUST_API_KEY_FILE: `${folder}/key`, AUTH_MODE: 'token', AUTH_TOKENS_FILE: `${folder}/tokens` })
  t.equal(dust.credentials?.apiKey, 'sk-from-file')
  t.same(access.tokens.map(({ name }) => name), ['ada', 'bob'])
  t.equal(loadConfig({ ...required, STORE_URL_FILE: `${folder}/store` }).sessions.storeUrl, 'redis://:word@redis')
  t.match(faultsOf({ METRICS_TOKEN_FILE: `${folder}/nowhere`, DUST_API_KEY_FILE: `${folder}/key` }), [
    /^DUST_API_KEY and DUST_API_KEY_FILE are both set/, /^METRICS_TOKEN_FILE is ".*nowhere", which can't be read: ENOENT$/
  ])
  const faults = faultsOf({ AUTH_MODE: 'token', AUTH_TOKENS_FILE: `${folder}/wrong` })
  t.match(faults, [/^AUTH_TOKENS is \(hidden\)/])
  t.notMatch(faults.join(), /no list/)
})
