import { Type, type SchemaOptions, type Static } from '@sinclair/typebox'
import { Ajv } from 'ajv'
import { formats, type Format } from './formats.ts'
import { TOOL_AREAS } from './tool-areas.ts'

/** As OpenTelemetry names them. */
const SAMPLERS = ['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off', 'parentbased_traceidratio'] as const

export type Sampler = typeof SAMPLERS[number]

/** What docs/configuration.md and .env.example tell of a variable; both are made from it. */
interface Told {
  /** Title of the group whose first variable it is. */
  begins?: string
  /** In Markdown. */
  description: string
  /** Values that may stand there, as words. */
  examples: [string, ...string[]]
  /** What counts while it isn't set and has no default. */
  unset?: string
  /** Where more is said: a page of docs/, with or without a heading. */
  see?: string
  /** Whether the value must appear nowhere. */
  secret?: true
}

type Options = Told & SchemaOptions

const formatted = (format: Format, options: Options & { default?: string }) => Type.String({ format, ...options })
const oneOf = <const Word extends string>(words: readonly Word[], options: Options & { default: Word }) => Type.Unsafe<Word>({ type: 'string', enum: words, ...options })
const flag = (options: Omit<Options, 'examples'>) => Type.Boolean({ default: false, examples: ['true'], ...options })
const whole = (options: Options & { default: number, minimum: number, maximum?: number }) => Type.Integer(options)
const text = (options: Options & { default?: string, minLength?: number, maxLength?: number }) => Type.String(options)
const file = (variable: string, example: string, more = '') => Type.Optional(formatted('file', { examples: [example], description: `File that has what \`${variable}\` would, instead of it.${more}` }))

/** Every environment variable that the service reads, as words; `config.ts` turns them into typed values. */
export const environmentSchema = Type.Object({
  DUST_API_KEY: Type.Optional(formatted('dust-key', {
    begins: 'Dust',
    secret: true,
    examples: ['sk-...'],
    unset: 'required',
    description: 'API key of the workspace, made in Dust under *Admin > API keys*. Optional where callers bring theirs (`DUST_KEY_PASSTHROUGH`).'
  })),
  DUST_API_KEY_FILE: file('DUST_API_KEY', '/run/secrets/dust-api-key'),
  DUST_WORKSPACE_ID: Type.Optional(formatted('dust-id', {
    examples: ['3nTb9xQ2aZ'],
    unset: 'required',
    description: 'Id of the workspace, as in its address. Optional where callers bring theirs.'
  })),
  DUST_BASE_URL: formatted('origin', {
    default: 'https://dust.tt',
    examples: ['https://eu.dust.tt'],
    description: 'Region of the workspace.'
  }),
  DUST_KEY_PASSTHROUGH: flag({
    see: 'security.md#callers-with-their-own-dust-key',
    description: '`true` lets callers bring a Dust key and a workspace of their own with each request, in `X-Dust-Api-Key` and `X-Dust-Workspace-Id`.'
  }),
  DUST_USERNAME: text({ default: 'mcp-dust-server', minLength: 1, maxLength: 254, examples: ['support-desk'], description: 'Name under which messages are posted.' }),
  DUST_TIMEZONE: formatted('timezone', { default: 'UTC', examples: ['Europe/Paris'], description: 'Time zone that agents are told.' }),

  DUST_AGENTS: Type.Optional(formatted('names', {
    begins: 'Agents',
    examples: ['Researcher,deployer'],
    unset: 'all active ones',
    description: 'Agents that are offered, by id or name.'
  })),
  DUST_AGENTS_TTL: formatted('period', { default: '1m', examples: ['5m'], description: 'How old the list of agents may be.' }),
  DUST_AGENT_TOOLS: Type.Boolean({
    default: true,
    examples: ['false'],
    see: 'agents.md#a-tool-for-each-agent',
    description: 'Offers each agent as a tool of its own, beside `dust_ask_agent`.'
  }),
  DUST_TOOLS: formatted('tool-areas', {
    default: TOOL_AREAS.join(','),
    examples: ['agents,conversations'],
    see: 'tools.md#tools',
    description: 'What tools are offered for; leave out what nobody shall do.'
  }),
  DUST_RUN_TIMEOUT: formatted('period', {
    default: '15m',
    examples: ['1h'],
    see: 'agents.md#long-runs',
    description: 'How long a call waits for an agent; the run itself goes on in Dust.'
  }),
  DUST_MAX_RUNS: whole({ default: 100, minimum: 1, examples: ['20'], see: 'agents.md#long-runs', description: 'Agent runs at the same time; one more waits up to 30 s.' }),
  DUST_TOOL_APPROVAL: oneOf(['ask', 'reject', 'return'], {
    default: 'ask',
    examples: ['return'],
    see: 'agents.md#when-an-agent-needs-a-person',
    description: 'When an agent wants leave to use a tool: `ask` the person, if the client can; `reject` it; or `return`, which ends the call, so that somebody decides later.'
  }),
  DUST_SKIP_TOOLS_VALIDATION: flag({ description: '`true` lets agents run every tool without asking a person.' }),

  HOST: formatted('listener', { begins: 'Server', default: '127.0.0.1', examples: ['0.0.0.0'], see: 'security.md#who-may-come-in', description: 'Address to listen on. On any but loopback callers must say who they are, unless `ALLOW_UNAUTHENTICATED` is `true`.' }),
  PORT: whole({ default: 5001, minimum: 0, maximum: 65535, examples: ['8080'], description: 'Port to listen on; `0` takes a free one.' }),
  TRUST_PROXY: formatted('proxies', {
    default: 'false',
    examples: ['1', '10.0.0.0/8,loopback'],
    see: 'security.md#what-a-proxy-must-do',
    description: 'Whose `X-Forwarded-*` headers are believed: `false` nobody\'s, `1` those of the last proxy, `2` of the last two, addresses and ranges those of proxies that have them; `true` everybody\'s.'
  }),
  BODY_LIMIT: formatted('size', { default: '4m', examples: ['16m'], description: 'Largest request body.' }),
  SHUTDOWN_DELAY: formatted('wait', { default: '0s', examples: ['5s'], description: 'Time between "not ready" and taking no more calls, so that a load balancer notices.' }),
  DRAIN_TIMEOUT: formatted('wait', { default: '30s', examples: ['2m'], description: 'Time for running calls to finish after that; probes, scrapes and cancels are still answered.' }),

  AUTH_MODE: oneOf(['none', 'token', 'oauth'], {
    begins: 'Access',
    default: 'none',
    examples: ['token'],
    see: 'security.md#who-may-come-in',
    description: 'Who may use `/mcp`: `none` anybody who reaches it, `token` who brings a token of `AUTH_TOKENS`, `oauth` who brings one of the authorization server.'
  }),
  AUTH_TOKENS: Type.Optional(formatted('access-tokens', {
    secret: true,
    examples: ['ada:a-long-random-word,desk:another-long-random-word'],
    unset: 'none',
    description: 'Tokens of `AUTH_MODE=token`, each with the name of who brings it.'
  })),
  AUTH_TOKENS_FILE: file('AUTH_TOKENS', '/run/secrets/auth-tokens', ' An entry per line; read again on SIGHUP.'),
  OAUTH_ISSUER: Type.Optional(formatted('issuer', { examples: ['https://login.example.com'], unset: 'none', see: 'security.md#oauth', description: 'The authorization server of `AUTH_MODE=oauth`, exactly as it calls itself in `iss`.' })),
  OAUTH_AUDIENCE: Type.Optional(formatted('resource', { examples: ['https://mcp.example.com/mcp'], unset: 'none', see: 'security.md#oauth', description: 'The address under which clients reach `/mcp`; tokens must have it in `aud`.' })),
  OAUTH_JWKS_URL: Type.Optional(formatted('keys-url', { examples: ['https://login.example.com/jwks.json'], unset: 'from its metadata', description: 'Where the public keys of the authorization server are.' })),
  OAUTH_SCOPES: Type.Optional(formatted('scopes', { examples: ['dust:ask'], unset: 'none', description: 'What a token must allow: all of these scopes.' })),
  OAUTH_CALLER_CLAIM: formatted('claim', { default: 'sub', examples: ['oid'], description: 'The claim that names the caller: one that never passes to somebody else.' }),
  ALLOW_UNAUTHENTICATED: flag({ description: '`true` lets `AUTH_MODE=none` listen on an address that other machines reach.' }),
  ALLOWED_HOSTS: Type.Optional(formatted('hosts', {
    examples: ['mcp.example.com'],
    unset: 'any, but on loopback its own',
    see: 'security.md#browsers',
    description: 'Names under which clients may reach `/mcp`. On loopback those of the machine itself are always allowed, and no others.'
  })),
  ALLOWED_ORIGINS: Type.Optional(formatted('origins', {
    examples: ['https://app.example.com'],
    unset: 'none',
    see: 'security.md#browsers',
    description: 'Web pages that may use `/mcp`, by their origin; pages of an allowed host may.'
  })),
  RATE_LIMIT_MAX: whole({
    default: 0,
    minimum: 0,
    examples: ['600'],
    see: 'security.md#how-often',
    description: 'Requests to `/mcp` of a caller, or of an address where there are no names, in `RATE_LIMIT_WINDOW`; replicas with Redis count together; `0` for any number.'
  }),
  RATE_LIMIT_WINDOW: formatted('period', { default: '1m', examples: ['10s'], description: 'Time after which the counts begin anew.' }),
  RATE_LIMIT_WRONG_CREDENTIALS: whole({
    default: 60,
    minimum: 0,
    examples: ['10'],
    see: 'security.md#wrong-credentials',
    description: 'Wrong credentials from an address in `RATE_LIMIT_WINDOW`, after which nobody looks at any from there; `0` for any number.'
  }),

  STORE_URL: formatted('store', {
    begins: 'Sessions',
    secret: true,
    default: 'sqlite:./data/mcp-dust-server.db',
    examples: ['redis://:password@redis:6379', 'sqlite::memory:'],
    see: 'scaling.md#which-store',
    description: 'Where sessions, their streams, and whose conversations are, are kept: a file, the memory, or, for several replicas, Redis 6.2 or Valkey.'
  }),
  STORE_URL_FILE: file('STORE_URL', '/run/secrets/store-url', ' For an address with a password.'),
  EVENT_LOG_LIMIT: formatted('size', { default: '256m', examples: ['1g'], description: 'What is kept of all streams together, for clients that come back; in Redis, well below its `maxmemory`.' }),
  SESSION_TTL: formatted('lifetime', { default: '24h', examples: ['7d'], description: 'A session that isn\'t used for so long ends.' }),
  SESSION_LIMIT: whole({ default: 10_000, minimum: 1, examples: ['1000'], description: 'Sessions at the same time.' }),
  REQUEST_STATE_KEY: Type.Optional(formatted('secret', {
    secret: true,
    examples: ['a-random-word-of-at-least-32-signs'],
    unset: 'made at the start',
    description: 'Signs what a client without a session brings back with its answer to a question; the same for all replicas. `openssl rand -hex 32` makes one.'
  })),
  REQUEST_STATE_KEY_FILE: file('REQUEST_STATE_KEY', '/run/secrets/request-state-key'),

  ENABLE_METRICS: Type.Boolean({ begins: 'Metrics', default: true, examples: ['false'], description: 'Offers metrics to Prometheus.' }),
  METRICS_PREFIX: formatted('metric-prefix', { default: 'mcp_dust_server', examples: ['dust'], description: 'What the names of the product\'s own metrics begin with.' }),
  METRICS_PATH: formatted('path', { default: '/metrics', examples: ['/internal/metrics'], description: 'Where Prometheus finds them.' }),
  METRICS_TOKEN: Type.Optional(formatted('token', { secret: true, examples: ['a-long-random-word'], unset: 'none: they are open', description: 'Bearer token that a scrape must bring.' })),
  METRICS_TOKEN_FILE: file('METRICS_TOKEN', '/run/secrets/metrics-token'),
  STATUS_PAGE: oneOf(['auto', 'on', 'off'], {
    default: 'auto',
    examples: ['on'],
    see: 'status-page.md',
    description: 'The page at `/` that shows how the server is: `auto` where `HOST` is loopback, `on` or `off`; with `METRICS_TOKEN` it asks for that.'
  }),

  HEALTH_CHECK_INTERVAL: formatted('period', { begins: 'Health', default: '30s', examples: ['10s'], description: 'Time between background checks of Dust and the store.' }),
  HEALTH_DETAILS: oneOf(['auto', 'always', 'never'], {
    default: 'auto',
    examples: ['always'],
    see: 'security.md#who-sees-the-checks',
    description: 'Who sees the checks in `/health`: `auto` who asks on this machine or brings `METRICS_TOKEN`, `always` everybody, `never` nobody.'
  }),
  READY_REQUIRES_DUST: flag({ description: '`true` answers `/ready` with 503 while Dust can\'t be reached.' }),

  PRESSURE_MAX_EVENT_LOOP_DELAY: formatted('wait', { begins: 'Overload', default: '250ms', examples: ['1s'], description: 'Above this mean delay of the event loop over a second new MCP requests get 503, and `/ready` says so; `0` never.' }),
  PRESSURE_MAX_EVENT_LOOP_UTILIZATION: Type.Number({ default: 0, minimum: 0, maximum: 1, examples: ['0.98'], description: 'The same for the share of time in which the event loop is busy; `0` never.' } satisfies Options),
  PRESSURE_MAX_HEAP: formatted('limit', { default: '0', examples: ['1g'], description: 'The same for the used JavaScript heap.' }),
  PRESSURE_MAX_RSS: formatted('limit', { default: '0', examples: ['2g'], description: 'The same for the memory of the process.' }),

  LOG_LEVEL: oneOf(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], { begins: 'Logs', default: 'info', examples: ['debug'], see: 'logging.md', description: 'Least important level that is logged.' }),
  LOG_FORMAT: oneOf(['json', 'pretty'], { default: 'json', examples: ['pretty'], description: '`json` for machines, `pretty` for people, on stdout.' }),
  LOG_FILE: Type.Optional(formatted('file', { minLength: 1, examples: ['/var/log/mcp-dust-server/server.log'], unset: 'stdout alone', see: 'logging.md#rotation', description: 'File that gets every line, too, always as JSON.' })),
  LOG_MAX_SIZE: formatted('size', { default: '100m', examples: ['1g'], description: 'Size at which the file is put aside and a new one begun.' }),
  LOG_MAX_FILES: whole({ default: 10, minimum: 1, maximum: 1000, examples: ['30'], description: 'Files that are kept, the newest included.' }),

  OTEL_EXPORTER_OTLP_ENDPOINT: Type.Optional(formatted('collector', { begins: 'Traces', examples: ['http://localhost:4318'], unset: 'none: there are no traces', see: 'tracing.md', description: 'Collector that gets traces, by OTLP over HTTP.' })),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: Type.Optional(formatted('collector', { examples: ['http://localhost:4318/v1/traces'], unset: 'none', description: 'The same with its whole path, where that isn\'t `/v1/traces`.' })),
  OTEL_EXPORTER_OTLP_HEADERS: Type.Optional(formatted('key-pairs', { secret: true, examples: ['x-api-key=a-word'], unset: 'none', description: 'What the collector wants to see as headers, such as a key: `name=value`, separated by commas.' })),
  OTEL_SERVICE_NAME: Type.Optional(text({ maxLength: 255, examples: ['dust-agents'], unset: 'that of `OTEL_RESOURCE_ATTRIBUTES`, or mcp-dust-server', description: 'Name of the service in traces.' })),
  OTEL_RESOURCE_ATTRIBUTES: Type.Optional(formatted('key-pairs', { examples: ['deployment.environment.name=staging'], unset: 'none', description: 'What else traces say of the service: `name=value`, separated by commas.' })),
  OTEL_TRACES_SAMPLER: oneOf(SAMPLERS, { default: 'parentbased_always_on', examples: ['parentbased_traceidratio'], description: 'Which traces are kept; those with `parentbased_` keep to what the client says where it brings a trace.' }),
  OTEL_TRACES_SAMPLER_ARG: Type.Number({ default: 1, minimum: 0, maximum: 1, examples: ['0.1'], description: 'The share of traces that a sampler with ratio keeps.' } satisfies Options),
  OTEL_SDK_DISABLED: flag({ description: '`true` switches traces off, whatever else is set.' }),
  DUST_TRACE_CONTEXT: flag({ description: '`true` tells Dust of the trace in which it\'s asked, as `traceparent` and `tracestate`.' }),

  EXTRA_PLUGINS: Type.Optional(formatted('plugins', { begins: 'Extensions', examples: ['./tickets.ts,@acme/mcp-tickets'], unset: 'none', see: 'plugins.md#load-it', description: 'Plugins to load: paths, which begin with `./` or `/`, and packages, separated by commas.' }))
})

export type Environment = Static<typeof environmentSchema>

/** The validator that env-schema uses, taught the formats. */
export function createEnvironmentAjv (): Ajv {
  const ajv = new Ajv({ allErrors: true, removeAdditional: true, useDefaults: true, coerceTypes: true, strict: false, validateSchema: false })
  for (const [name, { check }] of Object.entries(formats)) ajv.addFormat(name, check)
  return ajv
}
