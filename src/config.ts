import { envSchema } from 'env-schema'
import type { ErrorObject } from 'ajv'
import { parseAccessTokens } from './auth/access-tokens.ts'
import { isLoopback } from './allowed-peers.ts'
import { HIDDEN, hideCredentials } from './config/hidden-credentials.ts'
import { oauthFaults } from './config/oauth-faults.ts'
import { createEnvironmentAjv, environmentSchema, type Environment } from './config/environment.ts'
import { formats, type Format } from './config/formats.ts'
import { parseKeyPairs } from './config/key-pairs.ts'
import { readSecretFiles } from './config/secret-files.ts'
import { parseToolAreas, type ToolArea } from './config/tool-areas.ts'
import { parseDuration, parseList, parseSize } from './config/units.ts'
import { parseTrustProxy } from './trust-proxy.ts'

/** Variables whose value may be in the file that `<NAME>_FILE` names. */
export const SECRETS_FROM_FILES = ['DUST_API_KEY', 'METRICS_TOKEN', 'REQUEST_STATE_KEY', 'AUTH_TOKENS', 'STORE_URL']

export type Config = ReturnType<typeof toConfig>

/** One or more environment variables are missing or wrong. `faults` has a line for each, fit for a terminal. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID'
  readonly faults: readonly string[]

  constructor (faults: readonly string[]) {
    super(faults.join('\n'))
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/**
 * Reads and checks the environment.
 *
 * @param env environment variables by name; an empty value counts as not set
 * @throws {ConfigError} with every fault at once
 */
export function loadConfig (env: Readonly<Record<string, string | undefined>>): Config {
  const given = Object.fromEntries(Object.entries(env)
    .map(([name, value]): [string, string | undefined] => [name, value?.trim()])
    .filter(([, value]) => value !== undefined && value !== ''))
  const { words: data, faults } = readSecretFiles(given, SECRETS_FROM_FILES)
  let environment: Environment
  try {
    environment = readWords(data)
  } catch (error) {
    if (!hasValidationErrors(error)) throw error
    const wrong = new Set(error.errors.map(nameOf))
    throw new ConfigError([...faults, ...keyFaults(data), ...error.errors.map((fault) => describe(fault, data)), ...accessFaultsBeside(wrong, data)])
  }
  const all = [...faults, ...keyFaults(data), ...accessFaults(environment)]
  if (all.length > 0) throw new ConfigError(all)
  return toConfig(environment)
}

function readWords (data: Readonly<Record<string, string | undefined>>): Environment {
  return envSchema<Environment>({ schema: environmentSchema, data, env: false, ajv: createEnvironmentAjv() })
}

/** Whether there is a key for whoever has none of their own, and for the server itself. */
function keyFaults (data: Readonly<Record<string, string | undefined>>): string[] {
  const missing = ['DUST_API_KEY', 'DUST_WORKSPACE_ID'].filter((name) => data[name] === undefined)
  const isRequired = data['DUST_KEY_PASSTHROUGH'] !== 'true' || missing.length === 1
  if (isRequired) return missing.map((name) => `${name} is not set; it must be ${allowedValues(name)}`)
  return missing.length > 0 && data['READY_REQUIRES_DUST'] === 'true'
    ? ['READY_REQUIRES_DUST is true, but without DUST_API_KEY and DUST_WORKSPACE_ID the server can\'t look whether Dust is there']
    : []
}

/** What can be said of the others, where some are wrong by themselves. */
function accessFaultsBeside (wrong: ReadonlySet<string>, data: Readonly<Record<string, string | undefined>>): string[] {
  const others = Object.fromEntries(Object.entries(data).filter(([name]) => !wrong.has(name)))
  return accessFaults(readWords(others)).filter((fault) => [...wrong].every((name) => !fault.includes(name)))
}

/** What is right by itself, but not together. */
function accessFaults (env: Environment): string[] {
  const faults = oauthFaults(env)
  if (env.AUTH_MODE === 'token' && env.AUTH_TOKENS === undefined) faults.push('AUTH_TOKENS is not set, but AUTH_MODE is token; it must be name:token, separated by commas')
  if (env.AUTH_MODE === 'none' && env.AUTH_TOKENS !== undefined) faults.push('AUTH_TOKENS is set, but AUTH_MODE is none, so nobody would need a token; set AUTH_MODE to token')
  if (env.AUTH_MODE === 'none' && !isLoopback(env.HOST) && !env.ALLOW_UNAUTHENTICATED) {
    faults.push(`HOST is ${JSON.stringify(env.HOST)} and AUTH_MODE is none, so whoever reaches the port could ask your agents; set AUTH_MODE to token or oauth, or ALLOW_UNAUTHENTICATED to true`)
  }
  if (env.STATUS_PAGE === 'on' && !env.ENABLE_METRICS) faults.push('STATUS_PAGE is on, but ENABLE_METRICS is false, and the page shows what the metrics know')
  return faults
}

function toConfig (env: Environment) {
  return {
    server: {
      host: env.HOST,
      port: env.PORT,
      trustProxy: parseTrustProxy(env.TRUST_PROXY) ?? false,
      bodyLimitBytes: sizeOf(env.BODY_LIMIT),
      shutdownDelayMs: durationOf(env.SHUTDOWN_DELAY),
      drainTimeoutMs: durationOf(env.DRAIN_TIMEOUT)
    },
    dust: {
      /** The server's own; `null` when only callers bring theirs. */
      credentials: env.DUST_API_KEY === undefined || env.DUST_WORKSPACE_ID === undefined ? null : { apiKey: env.DUST_API_KEY, workspaceId: env.DUST_WORKSPACE_ID },
      hasKeyPassthrough: env.DUST_KEY_PASSTHROUGH,
      baseUrl: new URL(env.DUST_BASE_URL).origin,
      username: env.DUST_USERNAME,
      timezone: env.DUST_TIMEZONE,
      runTimeoutMs: durationOf(env.DUST_RUN_TIMEOUT),
      maxRuns: env.DUST_MAX_RUNS,
      toolApproval: env.DUST_TOOL_APPROVAL,
      skipToolsValidation: env.DUST_SKIP_TOOLS_VALIDATION,
      /** Ids and names; none means all. */
      agents: parseList(env.DUST_AGENTS ?? ''),
      agentsTtlMs: durationOf(env.DUST_AGENTS_TTL),
      hasAgentTools: env.DUST_AGENT_TOOLS
    },
    /** What the server's own tools are offered for. */
    tools: parseToolAreas(env.DUST_TOOLS) ?? new Set<ToolArea>(),
    sessions: {
      storeUrl: env.STORE_URL,
      eventLogLimitBytes: sizeOf(env.EVENT_LOG_LIMIT),
      ttlMs: durationOf(env.SESSION_TTL),
      limit: env.SESSION_LIMIT,
      requestStateKey: env.REQUEST_STATE_KEY ?? null
    },
    access: {
      mode: env.AUTH_MODE,
      tokens: parseAccessTokens(env.AUTH_TOKENS ?? '') ?? [],
      tokensFile: env.AUTH_TOKENS_FILE ?? null,
      oauth: oauthOf(env),
      allowedHosts: parseList(env.ALLOWED_HOSTS ?? ''),
      allowedOrigins: parseList(env.ALLOWED_ORIGINS ?? '')
    },
    rateLimits: {
      /** Requests of a caller in the window; 0 for any number. */
      max: env.RATE_LIMIT_MAX,
      windowMs: durationOf(env.RATE_LIMIT_WINDOW),
      /** Wrong credentials from an address in the window; 0 for any number. */
      wrongCredentials: env.RATE_LIMIT_WRONG_CREDENTIALS
    },
    health: {
      details: env.HEALTH_DETAILS,
      intervalMs: durationOf(env.HEALTH_CHECK_INTERVAL),
      readyRequiresDust: env.READY_REQUIRES_DUST
    },
    metrics: {
      isEnabled: env.ENABLE_METRICS,
      prefix: env.METRICS_PREFIX,
      path: env.METRICS_PATH,
      token: env.METRICS_TOKEN ?? null
    },
    /** `auto` is on where only this machine reaches the server. */
    statusPage: env.STATUS_PAGE,
    pressure: {
      maxEventLoopDelayMs: durationOf(env.PRESSURE_MAX_EVENT_LOOP_DELAY),
      maxEventLoopUtilization: env.PRESSURE_MAX_EVENT_LOOP_UTILIZATION,
      maxHeapBytes: limitOf(env.PRESSURE_MAX_HEAP),
      maxRssBytes: limitOf(env.PRESSURE_MAX_RSS)
    },
    logs: {
      level: env.LOG_LEVEL,
      format: env.LOG_FORMAT,
      file: env.LOG_FILE ?? null,
      maxSizeBytes: sizeOf(env.LOG_MAX_SIZE),
      maxFiles: env.LOG_MAX_FILES
    },
    tracing: tracingOf(env),
    extraPlugins: parseList(env.EXTRA_PLUGINS ?? '')
  }
}

/** `null` in any other mode. */
function oauthOf ({ AUTH_MODE: mode, OAUTH_ISSUER: issuer, OAUTH_AUDIENCE: audience, OAUTH_JWKS_URL: jwksUrl, OAUTH_SCOPES: scopes = '', OAUTH_CALLER_CLAIM: callerClaim }: Environment) {
  if (mode !== 'oauth' || issuer === undefined || audience === undefined) return null
  return { issuer, audience, jwksUrl: jwksUrl ?? null, scopes: parseList(scopes), callerClaim }
}

/** `null` when it's off. */
function tracingOf (env: Environment) {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: tracesEndpoint } = env
  const tracesUrl = tracesEndpoint ?? (endpoint === undefined ? undefined : `${endpoint.replace(/\/$/, '')}/v1/traces`)
  if (tracesUrl === undefined || env.OTEL_SDK_DISABLED) return null
  return {
    tracesUrl,
    headers: parseKeyPairs(env.OTEL_EXPORTER_OTLP_HEADERS ?? '') ?? {},
    resourceAttributes: {
      'service.name': 'mcp-dust-server',
      ...parseKeyPairs(env.OTEL_RESOURCE_ATTRIBUTES ?? ''),
      ...(env.OTEL_SERVICE_NAME === undefined ? {} : { 'service.name': env.OTEL_SERVICE_NAME })
    },
    sampler: env.OTEL_TRACES_SAMPLER,
    samplerRatio: env.OTEL_TRACES_SAMPLER_ARG,
    tellsDust: env.DUST_TRACE_CONTEXT
  }
}

function sizeOf (word: string): number {
  const bytes = parseSize(word)
  if (bytes === null) throw new RangeError(`not a size: ${word}`)
  return bytes
}

/** 0 means none. */
function limitOf (word: string): number {
  return word === '0' ? 0 : sizeOf(word)
}

function durationOf (word: string): number {
  const ms = parseDuration(word)
  if (ms === null) throw new RangeError(`not a duration: ${word}`)
  return ms
}

function hasValidationErrors (error: unknown): error is Error & { errors: ErrorObject[] } {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

function describe (fault: ErrorObject, data: Readonly<Record<string, string | undefined>>): string {
  const name = nameOf(fault)
  const schema = schemaOf(name)
  const value = schema?.['secret'] === true ? HIDDEN : JSON.stringify(hideCredentials(data[name] ?? ''))
  return `${name} is ${value}; it must be ${allowedValues(name)}`
}

function nameOf ({ instancePath }: ErrorObject): string {
  return instancePath.slice(1)
}

function schemaOf (name: string): Readonly<Record<string, unknown>> | undefined {
  return Object.entries(environmentSchema.properties).find(([key]) => key === name)?.[1]
}

/** What a variable must be, in words that come after "must be". */
export function allowedValues (name: string): string {
  const schema = schemaOf(name) ?? {}
  const { type, format, enum: words, minimum, maximum, maxLength } = schema
  if (Array.isArray(words)) return `one of ${words.join(', ')}`
  if (isFormat(format)) return formats[format].allowed
  if (type === 'boolean') return 'true or false'
  if (type === 'number') return `a number from ${String(minimum)} to ${String(maximum)}`
  if (type === 'integer') return maximum === undefined ? `a whole number of at least ${String(minimum)}` : `a whole number from ${String(minimum)} to ${String(maximum)}`
  return maxLength === undefined ? 'a text' : `a text of at most ${String(maxLength)} characters`
}

function isFormat (format: unknown): format is Format {
  return typeof format === 'string' && Object.hasOwn(formats, format)
}
