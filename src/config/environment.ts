import { Type, type SchemaOptions, type Static } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { parseAccessTokens } from '../auth/access-tokens.ts'
import { isTrustworthy } from '../auth/trustworthy-url.ts'
import { parseTrustProxy } from '../trust-proxy.ts'
import { parseToolAreas, TOOL_AREAS } from './tool-areas.ts'
import { parseDuration, parseList, parseSize } from './units.ts'

/** A timer of Node holds 31 bits of milliseconds; a longer one would fire at once. */
const LONGEST_TIMER_MS = 24 * 86_400_000

/** Visible ASCII but for `"`, `#`, `?` and `\`: it is quoted in headers. */
const PLAIN_ADDRESS = /^[\x21\x24-\x3e\x40-\x5b\x5d-\x7e]+$/

const TAKEN_PATHS = ['/mcp', '/health', '/ready', '/livez']

/** What a string of each format must be: how it is checked, and how a person is told. */
export const formats = {
  size: {
    allowed: 'a size above 0 such as 512k, 4m or 1g',
    check: (word: string) => parseSize(word) !== null
  },
  limit: {
    allowed: 'a size such as 512m or 2g, or 0 for none',
    check: (word: string) => word === '0' || parseSize(word) !== null
  },
  wait: {
    allowed: 'a duration of at most 24d such as 0s, 500ms, 30s or 15m',
    check: (word: string) => (parseDuration(word) ?? Infinity) <= LONGEST_TIMER_MS
  },
  period: {
    allowed: 'a duration above 0 and of at most 24d such as 500ms, 30s, 15m or 24h',
    check: (word: string) => (parseDuration(word) ?? 0) > 0 && (parseDuration(word) ?? 0) <= LONGEST_TIMER_MS
  },
  lifetime: {
    allowed: 'a duration above 0 such as 30m, 24h or 30d',
    check: (word: string) => (parseDuration(word) ?? 0) > 0
  },
  origin: {
    allowed: 'an http or https address without a path, such as https://dust.tt or https://eu.dust.tt',
    check: (word: string) => URL.canParse(word) && /^https?:\/\/[^/?#@]+\/?$/.test(word)
  },
  timezone: {
    allowed: 'an IANA time zone such as UTC or Europe/Paris',
    check: (word: string) => {
      // Offsets such as +02:00 are time zones to Intl, but not to Dust.
      if (!/^[A-Za-z]/.test(word)) return false
      try {
        return Boolean(new Intl.DateTimeFormat('en', { timeZone: word }))
      } catch {
        return false
      }
    }
  },
  token: {
    allowed: 'a text of ASCII letters, digits and signs, without spaces',
    check: (word: string) => /^[\x21-\x7e]+$/.test(word)
  },
  'access-tokens': {
    allowed: 'name:token, separated by commas, each token unique and of at least 16 ASCII letters, digits and signs',
    check: (words: string) => parseAccessTokens(words) !== null
  },
  hosts: {
    allowed: 'host names without ports, separated by commas, such as mcp.example.com',
    check: (words: string) => parseList(words).every((word) => /^(\[[\da-f:.]+\]|[\w.-]+)$/i.test(word))
  },
  origins: {
    allowed: 'origins separated by commas, such as https://app.example.com',
    check: (words: string) => parseList(words).every((word) => URL.canParse(word) && new URL(word).origin === word.toLowerCase())
  },
  issuer: {
    allowed: 'an https address without query or fragment, as the tokens have it in iss, such as https://login.example.com; http on this machine only',
    check: (word: string) => isTrustworthy(word) && PLAIN_ADDRESS.test(word)
  },
  resource: {
    allowed: 'the https address under which clients reach /mcp, without query or fragment, and without * % : in the path, such as https://mcp.example.com/mcp; http on this machine only',
    // Its description is served at a path of the router, where these signs mean something else.
    check: (word: string) => isTrustworthy(word) && PLAIN_ADDRESS.test(word) && !/[*%:]/.test(new URL(word).pathname)
  },
  'keys-url': {
    allowed: 'an https address such as https://login.example.com/jwks.json; http on this machine only',
    check: (word: string) => isTrustworthy(word)
  },
  scopes: {
    allowed: 'scopes separated by commas, such as dust:ask, without spaces, quotes and backslashes',
    check: (words: string) => parseList(words).every((word) => /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(word))
  },
  claim: {
    allowed: 'the name of a claim such as sub, of letters, digits and _ - . : /',
    check: (word: string) => /^[\w.:/-]{1,128}$/.test(word)
  },
  proxies: {
    allowed: 'true or false, how many proxies there are (1 to 32), or their addresses and ranges, separated by commas, such as 10.0.0.0/8 or loopback',
    check: (words: string) => parseTrustProxy(words) !== null
  },
  'metric-prefix': {
    allowed: 'letters, digits and _ that do not begin with a digit',
    check: (word: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(word)
  },
  path: {
    allowed: `a path such as /metrics, of letters, digits, - _ . and /, whose parts begin with no dot, but none of ${TAKEN_PATHS.join(' ')}`,
    check: (word: string) => /^(\/(?!\.)[\w.-]+)+$/.test(word) && !TAKEN_PATHS.includes(word)
  },
  store: {
    allowed: 'sqlite:<file>, sqlite::memory: or redis://[[user]:password@]host[:port][/database], with rediss:// for TLS; special signs of a password as in %40',
    check: (word: string) => /^sqlite:./.test(word) || isRedisUrl(word)
  },
  secret: {
    allowed: 'at least 32 ASCII letters, digits and signs, without spaces',
    check: (word: string) => /^[\x21-\x7e]{32,}$/.test(word)
  },
  'tool-areas': {
    allowed: `one or more of ${TOOL_AREAS.join(', ')}, separated by commas`,
    check: (words: string) => parseToolAreas(words) !== null
  },
  names: {
    // Nothing but commas would be no choice at all, and open what somebody wanted closed.
    allowed: 'one or more names, separated by commas',
    check: (words: string) => parseList(words).length > 0
  },
  'dust-key': {
    allowed: 'an API key of the workspace, sk-...',
    check: (word: string) => /^[\x21-\x7e]+$/.test(word)
  },
  'dust-id': {
    allowed: 'the id in the workspace\'s address, https://dust.tt/w/<id>',
    check: (word: string) => /^[A-Za-z0-9_-]+$/.test(word)
  }
} as const

/** Without a query, which would be options of the client. */
function isRedisUrl (word: string): boolean {
  if (!/^rediss?:\/\/([^@/?#]*@)?[^@/?#]+(\/\d*)?$/.test(word) || !URL.canParse(word)) return false
  const { username, password } = new URL(word)
  try {
    decodeURIComponent(username + password)
    return true
  } catch {
    return false
  }
}

export type Format = keyof typeof formats

const formatted = (format: Format, options: SchemaOptions & { description: string, default?: string }) =>
  Type.String({ format, ...options })

/** Every environment variable that the service reads, as words; `config.ts` turns them into typed values. */
export const environmentSchema = Type.Object({
  HOST: Type.String({ default: '127.0.0.1', description: 'Address to listen on.' }),
  PORT: Type.Integer({ default: 5001, minimum: 0, maximum: 65535, description: 'Port to listen on; 0 takes a free one.' }),
  TRUST_PROXY: formatted('proxies', { default: 'false', description: 'Whose X-Forwarded-* headers are believed: of nobody (false), of the last so many proxies, of those with these addresses and ranges, or of everybody (true).' }),
  BODY_LIMIT: formatted('size', { default: '4m', description: 'Largest request body.' }),
  SHUTDOWN_DELAY: formatted('wait', { default: '0s', description: 'Time between "not ready" and taking no more calls, so that a load balancer notices.' }),
  DRAIN_TIMEOUT: formatted('wait', { default: '30s', description: 'How long running calls may take to finish after that; probes, scrapes and cancels are still answered.' }),

  DUST_API_KEY: Type.Optional(formatted('dust-key', { secret: true, description: 'API key of the Dust workspace. Required, unless callers bring theirs.' })),
  DUST_API_KEY_FILE: Type.Optional(Type.String({ description: 'File that has the key.' })),
  DUST_WORKSPACE_ID: Type.Optional(formatted('dust-id', { description: 'Id of the Dust workspace. Required, unless callers bring theirs.' })),
  DUST_KEY_PASSTHROUGH: Type.Boolean({ default: false, description: 'Let callers bring a Dust key and workspace of their own with each request.' }),
  DUST_BASE_URL: formatted('origin', { default: 'https://dust.tt', description: 'Region of the workspace: https://dust.tt or https://eu.dust.tt.' }),
  DUST_USERNAME: Type.String({ default: 'mcp-dust-server', minLength: 1, maxLength: 254, description: 'Name under which messages are posted.' }),
  DUST_TIMEZONE: formatted('timezone', { default: 'UTC', description: 'Time zone that agents are told.' }),
  DUST_RUN_TIMEOUT: formatted('period', { default: '15m', description: 'How long a call waits for an agent; the run itself goes on in Dust.' }),
  DUST_MAX_RUNS: Type.Integer({ default: 100, minimum: 1, description: 'Agent runs at the same time.' }),
  DUST_TOOL_APPROVAL: Type.Unsafe<'ask' | 'reject' | 'return'>({ type: 'string', enum: ['ask', 'reject', 'return'], default: 'ask', description: 'When an agent wants leave to use a tool: ask the person, if the client can; refuse it; or end the call, so that somebody decides later.' }),
  DUST_SKIP_TOOLS_VALIDATION: Type.Boolean({ default: false, description: 'Let agents run every tool without asking a person.' }),
  DUST_AGENTS: Type.Optional(formatted('names', { description: 'Agents that are offered, by id or name, separated by commas; without it all active ones.' })),
  DUST_AGENTS_TTL: formatted('period', { default: '1m', description: 'How old the list of agents may be.' }),
  DUST_AGENT_TOOLS: Type.Boolean({ default: true, description: 'Offer each agent as a tool of its own, beside dust_ask_agent.' }),
  DUST_TOOLS: formatted('tool-areas', { default: TOOL_AREAS.join(','), description: 'What tools are offered for.' }),

  STORE_URL: formatted('store', { secret: true, default: 'sqlite:./data/mcp-dust-server.db', description: 'Where sessions and their streams are kept: sqlite:<file>, sqlite::memory:, or redis://... for several replicas.' }),
  STORE_URL_FILE: Type.Optional(Type.String({ description: 'File that has the address.' })),
  EVENT_LOG_LIMIT: formatted('size', { default: '256m', description: 'What is kept of all streams together, for clients that come back.' }),
  SESSION_TTL: formatted('lifetime', { default: '24h', description: 'A session that isn\'t used for so long ends.' }),
  SESSION_LIMIT: Type.Integer({ default: 10_000, minimum: 1, description: 'Sessions at the same time.' }),
  REQUEST_STATE_KEY: Type.Optional(formatted('secret', { secret: true, description: 'Signs what a client without a session brings back with its answer to a question; the same for all replicas. Without it each process makes its own.' })),

  REQUEST_STATE_KEY_FILE: Type.Optional(Type.String({ description: 'File that has the key.' })),

  AUTH_MODE: Type.Unsafe<'none' | 'token' | 'oauth'>({ type: 'string', enum: ['none', 'token', 'oauth'], default: 'none', description: 'Who may use /mcp: anybody who reaches it, who brings a token that is set here, or one of an authorization server.' }),
  AUTH_TOKENS: Type.Optional(formatted('access-tokens', { secret: true, description: 'Tokens of AUTH_MODE=token, each with the name of who brings it: name:token, separated by commas.' })),
  AUTH_TOKENS_FILE: Type.Optional(Type.String({ description: 'The same in a file, which is read again on SIGHUP.' })),
  OAUTH_ISSUER: Type.Optional(formatted('issuer', { description: 'Authorization server of AUTH_MODE=oauth, exactly as it calls itself.' })),
  OAUTH_AUDIENCE: Type.Optional(formatted('resource', { description: 'Address under which clients reach /mcp; tokens must be for it.' })),
  OAUTH_JWKS_URL: Type.Optional(formatted('keys-url', { description: 'Where the public keys of the authorization server are; without it, its metadata say that.' })),
  OAUTH_SCOPES: Type.Optional(formatted('scopes', { description: 'What a token must allow: all of these scopes, separated by commas.' })),
  OAUTH_CALLER_CLAIM: formatted('claim', { default: 'sub', description: 'Claim of a token that names the caller: one that never passes to somebody else.' }),
  ALLOW_UNAUTHENTICATED: Type.Boolean({ default: false, description: 'Let AUTH_MODE=none listen on an address that other machines reach.' }),
  ALLOWED_HOSTS: Type.Optional(formatted('hosts', { description: 'Names under which clients may reach /mcp, beside those of the machine itself; without any, every name is allowed unless HOST is loopback.' })),
  ALLOWED_ORIGINS: Type.Optional(formatted('origins', { description: 'Web pages that may use /mcp, by their origin.' })),

  RATE_LIMIT_MAX: Type.Integer({ default: 0, minimum: 0, description: 'Requests to /mcp of a caller, or of an address where there are no names, in RATE_LIMIT_WINDOW; 0 for any number.' }),
  RATE_LIMIT_WINDOW: formatted('period', { default: '1m', description: 'Time after which the counts begin anew.' }),
  RATE_LIMIT_WRONG_CREDENTIALS: Type.Integer({ default: 60, minimum: 0, description: 'Wrong credentials from an address in RATE_LIMIT_WINDOW, after which nobody looks at any from there; 0 for any number.' }),

  ENABLE_METRICS: Type.Boolean({ default: true, description: 'Offer metrics to Prometheus.' }),
  METRICS_PREFIX: formatted('metric-prefix', { default: 'mcp_dust_server', description: 'What the names of the product\'s own metrics begin with.' }),
  METRICS_PATH: formatted('path', { default: '/metrics', description: 'Where Prometheus finds the metrics.' }),
  METRICS_TOKEN_FILE: Type.Optional(Type.String({ description: 'File that has the token.' })),
  METRICS_TOKEN: Type.Optional(formatted('token', { secret: true, description: 'Bearer token that a scrape must bring; without it the metrics are open.' })),

  PRESSURE_MAX_EVENT_LOOP_DELAY: formatted('wait', { default: '250ms', description: 'Above this mean delay of the event loop over a second new MCP requests are refused; 0 never.' }),
  PRESSURE_MAX_EVENT_LOOP_UTILIZATION: Type.Number({ default: 0, minimum: 0, maximum: 1, description: 'The same for the share of time in which the event loop is busy; 0 never.' }),
  PRESSURE_MAX_HEAP: formatted('limit', { default: '0', description: 'The same for the used JavaScript heap; 0 never.' }),
  PRESSURE_MAX_RSS: formatted('limit', { default: '0', description: 'The same for the memory of the process; 0 never.' }),

  HEALTH_CHECK_INTERVAL: formatted('period', { default: '30s', description: 'Time between background checks of Dust and the store.' }),
  HEALTH_DETAILS: Type.Unsafe<'auto' | 'always' | 'never'>({ type: 'string', enum: ['auto', 'always', 'never'], default: 'auto', description: 'Who sees the checks in /health: who asks on this machine or brings METRICS_TOKEN, everybody, or nobody.' }),
  READY_REQUIRES_DUST: Type.Boolean({ default: false, description: 'Answer /ready with 503 while Dust can\'t be reached.' }),

  LOG_LEVEL: Type.Unsafe<'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'>(
    { type: 'string', enum: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], default: 'info', description: 'Least important level that is logged.' }
  ),
  LOG_FORMAT: Type.Unsafe<'json' | 'pretty'>(
    { type: 'string', enum: ['json', 'pretty'], default: 'json', description: 'json for machines, pretty for people.' }
  ),
  LOG_FILE: Type.Optional(Type.String({ minLength: 1, description: 'File that gets every line, too, always as JSON.' })),
  LOG_MAX_SIZE: formatted('size', { default: '100m', description: 'Size at which the file is put aside and a new one begun.' }),
  LOG_MAX_FILES: Type.Integer({ default: 10, minimum: 1, maximum: 1000, description: 'Files that are kept, the newest included.' }),

  EXTRA_PLUGINS: Type.Optional(Type.String({ description: 'Plugins to load: paths and packages, separated by commas.' }))
})

export type Environment = Static<typeof environmentSchema>

/** The validator that env-schema uses, taught the formats above. */
export function createEnvironmentAjv (): Ajv {
  const ajv = new Ajv({ allErrors: true, removeAdditional: true, useDefaults: true, coerceTypes: true, strict: false })
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  return ajv
}
