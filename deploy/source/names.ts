import { formats } from '../../src/config/formats.ts'
import { ErrorCode } from '../../src/mcp/json-rpc.ts'

/** What a deployment may call differently. */
export interface Settings {
  /** The service's METRICS_PREFIX. */
  prefix: string
  /** The service's METRICS_PATH. */
  metricsPath: string
  /** Prometheus' name for the instances of the service. */
  job: string
  /** What stands before `docs/runbooks.md` in links: an address that ends with `/`, or nothing. */
  runbooks: string
  /** How many times faster than in life alerts come and go, to try them out. */
  speed: number
}

export const DEFAULTS: Settings = { prefix: 'mcp_dust_server', metricsPath: '/metrics', job: 'mcp-dust-server', runbooks: '', speed: 1 }

/** Then the shortest window of a rate, five minutes, still holds ten scrapes. */
const HIGHEST_SPEED = 60

export const TARGET = 'mcp-dust-server:5001'
/** How often Prometheus asks the service. */
export const SCRAPE_INTERVAL = '10s'
export const ALERTMANAGER = 'alertmanager:9093'
export const PROMETHEUS = 'prometheus:9090'
/** Where Grafana finds the dashboards in its container. */
export const DASHBOARDS_FOLDER = '/etc/grafana/dashboards'
export const SLACK_URL_FILE = '/etc/alertmanager/secrets/slack-url'
export const SLACK_CHANNEL = '#alerts'

/** Pods of the service, by `app.kubernetes.io/name` and the name of the container's port. */
export const POD = { app: 'mcp-dust-server', port: 'http' }

/** Name and labels of the Kubernetes objects that belong to the service. */
export const OBJECT = { name: POD.app, labels: { 'app.kubernetes.io/name': POD.app } }

/** How many pods there are: as many as it takes for each to have no more agent runs at a time. */
export const REPLICAS = { min: 2, max: 10, runsPerPod: 50 }

/** The routes of the status page. */
const STATUS_PAGE = ['/', '/status/:file', '/status/events']

/** Requests of machines, and people, that watch. */
export function probesOnly ({ metricsPath }: Names): string {
  return `path=~"${probePaths(metricsPath)}"`
}

/** Without them and without those of scanners: their success says nothing about the product's, and would hide its failures. */
export function clientsOnly ({ metricsPath }: Names): string {
  return `path!~"${probePaths(metricsPath)}|unmatched"`
}

function probePaths (metricsPath: string): string {
  return ['/livez', '/health', '/ready', metricsPath, ...STATUS_PAGE].map(literally).join('|')
}

/** Types of errors of MCP operations that are no failures, since another replica goes on, or for which the client, its user or an agent is to answer: every JSON-RPC code but that of a fault. Anything else is ours. */
const NOT_OUR_OPERATION_ERRORS = ['tool_error', 'cancelled', 'session_ended', 'moved', ...Object.values(ErrorCode).filter((code) => code !== ErrorCode.InternalError)]
export const OUR_OPERATION_ERRORS = `error_type!~"|${NOT_OUR_OPERATION_ERRORS.join('|')}"`

/** Runs whose asker got no answer, and neither they nor the agent wanted it so. */
export const OUR_RUN_ERRORS = 'outcome=~"error|timeout|shutdown"'

/** Errors of the Dust API that say something about Dust and the way there: not about what a client asked for, and not those that have an alert of their own. */
export const DUST_ERRORS = 'type!~"cancelled|not_found|unauthorized|caller_unauthorized|rate_limited"'

/** Service level objectives: which share of the work may fail in this time. */
export const OBJECTIVE_PERIOD = '30d'
export const OBJECTIVES = {
  operations: { goal: '99.5 %', budget: 0.005 },
  runs: { goal: '99 %', budget: 0.01 }
}

/**
 * When a budget burns too fast: the ratio over both windows is more than `factor` times what the objective allows.
 *
 * @see https://sre.google/workbook/alerting-on-slos/
 */
export const BURN_RATES = [
  { severity: 'critical', long: '1h', short: '5m', factor: 14.4, for: '2m' },
  { severity: 'critical', long: '6h', short: '30m', factor: 6, for: '15m' },
  { severity: 'warning', long: '1d', short: '2h', factor: 3, for: '1h' },
  { severity: 'warning', long: '3d', short: '6h', factor: 1, for: '3h' }
] as const

/** Fewer failures than this in the long window are chance, however large their share. */
export const MIN_FAILURES = 3

/** A text as a regular expression that matches it alone, as it stands within the quotes of a query. */
export function literally (text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\\\$&')
}

/** When the other alerts fire. */
export const LIMITS = {
  McpDustServerDown: { for: '2m' },
  McpDustServerAbsent: { for: '5m' },
  McpDustServerRestarting: { restarts: 3, window: '30m' },
  HighErrorRate: { ratio: 0.1, requests: 20, window: '5m', for: '5m' },
  // A call that takes longer is answered with a stream, whose head is sent after 2 s: above the bucket that those fall in, or healthy agents raise it.
  HighLatency: { seconds: 2.5, requests: 20, window: '5m', for: '5m' },
  HighMemoryUsage: { ratio: 0.8, for: '5m' },
  HighCPUUsage: { percent: 80, window: '5m', for: '5m' },
  TooManySessions: { ratio: 0.8, for: '5m' },
  SlowFirstToken: { seconds: 20, runs: 5, window: '15m', for: '15m' },
  AgentRunsSaturated: { ratio: 0.9, for: '10m' },
  DustApiDown: { for: '5m' },
  DustApiUnauthorized: { window: '10m' },
  DustApiErrors: { ratio: 0.1, requests: 20, window: '10m', for: '10m' },
  DustApiRateLimited: { perSecond: 0.05, window: '5m', for: '10m' },
  StoreDown: { for: '2m' },
  // Each piece of an answer waits for the store once before it is sent.
  StoreSlow: { seconds: 0.1, window: '5m', for: '10m' },
  // Longer than a rollout that changes STORE_URL.
  ReplicasApart: { for: '15m' },
  HealthCheckStale: { seconds: 300, for: '5m' },
  EventLoopLagHigh: { seconds: 0.25, for: '5m' },
  FileDescriptorsLow: { ratio: 0.8, for: '5m' },
  ErrorLogs: { lines: 25, window: '10m', for: '5m' }
} as const

export interface Selectors {
  /** The wanted series of one of the product's metrics. */
  own (metric: string, ...matchers: string[]): string
  /** The same for a metric that has no prefix. */
  series (metric: string, ...matchers: string[]): string
}

/** By default the wanted series are those of the job. */
export interface Names extends Settings, Selectors {}

/** @throws {Error} when a setting is one that Prometheus could make nothing of */
export function createNames (settings: Partial<Settings> = {}): Names {
  const { prefix, metricsPath, job, runbooks, speed } = { ...DEFAULTS, ...settings }
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix)) throw new Error(`The prefix must be letters, digits and _ that do not begin with a digit, not ${prefix}`)
  if (!formats.path.check(metricsPath)) throw new Error(`The metrics path must be ${formats.path.allowed}, not ${metricsPath}`)
  if (!/^[\w.-]+$/.test(job)) throw new Error(`The job must be letters, digits, _ . and -, not ${job}`)
  if (!(speed >= 1 && speed <= HIGHEST_SPEED)) throw new Error(`The speed must be a number from 1 to ${HIGHEST_SPEED}, not ${speed}`)
  return { prefix, metricsPath, job, runbooks, speed, ...createSelectors(prefix, `job="${job}"`) }
}

/** @param always matchers that every selector has */
export function createSelectors (prefix: string, ...always: string[]): Selectors {
  const series = (metric: string, ...matchers: string[]): string => `${metric}{${[...always, ...matchers].join(',')}}`
  return { series, own: (metric, ...matchers) => series(`${prefix}_${metric}`, ...matchers) }
}
