import { BURN_RATES, clientsOnly, LIMITS, OUR_OPERATION_ERRORS, OUR_RUN_ERRORS, type Names } from './names.ts'
import type { RecordingRule, RuleGroup } from './rule.ts'

const WINDOWS = [...new Set(BURN_RATES.flatMap(({ long, short }) => [short, long]))]

/** Of the rates that error budgets are reckoned from. */
const RATE_WINDOW = '5m'

const rate = (series: string, window: string): string => `sum by (job) (rate(${series}[${window}]))`

/** Failures per second. 0 when there are none of them, even if none was ever counted. */
function failureRate (failed: string, all: string, window: string): string {
  return `${rate(failed, window)}
or
0 * ${rate(all, window)}`
}

/** The share of failures. No value when nothing happened, since 0 / 0 is no number that an alert or a graph could use. */
function failureRatio (failed: string, all: string, window: string): string {
  return `(
${failureRate(failed, all, window)}
)
/
(${rate(all, window)} > 0)`
}

/** Names of recorded series: level, metric, operations. */
export const recorded = {
  operationErrors: (_names: Names, window: string) => `job:mcp_server_operation_errors:ratio_rate${window}`,
  runErrors: ({ prefix }: Names, window: string) => `job:${prefix}_agent_run_errors:ratio_rate${window}`,
  operationErrorRate: (_names: Names) => `job:mcp_server_operation_errors:rate${RATE_WINDOW}`,
  operationRate: (_names: Names) => `job:mcp_server_operations:rate${RATE_WINDOW}`,
  runErrorRate: ({ prefix }: Names) => `job:${prefix}_agent_run_errors:rate${RATE_WINDOW}`,
  runRate: ({ prefix }: Names) => `job:${prefix}_agent_runs:rate${RATE_WINDOW}`,
  httpErrors: ({ prefix }: Names) => `job:${prefix}_http_request_errors:ratio_rate${LIMITS.HighErrorRate.window}`,
  httpLatency: ({ prefix }: Names) => `job:${prefix}_http_request_duration_seconds:p95_${LIMITS.HighLatency.window}`,
  memory: ({ prefix }: Names) => `instance:${prefix}_memory_usage:ratio`
}

/** What the alerts, and dashboards, look at more than once. */
export function recordingRules (names: Names): Array<RuleGroup<RecordingRule>> {
  const { own, series } = names
  const operations = series('mcp_server_operation_duration_seconds_count')
  const operationErrors = series('mcp_server_operation_duration_seconds_count', OUR_OPERATION_ERRORS)
  const clients = clientsOnly(names)
  const runs = own('agent_run_duration_seconds_count')
  const runErrors = own('agent_run_duration_seconds_count', OUR_RUN_ERRORS)
  return [
    {
      name: `${names.prefix}_http`,
      rules: [
        {
          record: recorded.httpErrors(names),
          expr: failureRatio(own('http_requests_total', clients, 'status=~"5.."'), own('http_requests_total', clients), LIMITS.HighErrorRate.window)
        },
        {
          record: recorded.httpLatency(names),
          expr: `histogram_quantile(0.95, sum by (job, le) (rate(${own('http_request_duration_seconds_bucket', clients)}[${LIMITS.HighLatency.window}])))`
        },
        {
          record: recorded.memory(names),
          expr: `${own('memory_usage_bytes')} / (${own('memory_limit_bytes')} > 0)`
        }
      ]
    },
    {
      name: `${names.prefix}_operations`,
      rules: WINDOWS.map((window) => ({
        record: recorded.operationErrors(names, window),
        expr: failureRatio(operationErrors, operations, window)
      }))
    },
    {
      name: `${names.prefix}_agent_runs`,
      rules: WINDOWS.map((window) => ({
        record: recorded.runErrors(names, window),
        expr: failureRatio(runErrors, runs, window)
      }))
    },
    {
      // A month of these few series is quickly summed up, a month of what they are made of is not.
      name: `${names.prefix}_error_budgets`,
      rules: [
        { record: recorded.operationErrorRate(names), expr: failureRate(operationErrors, operations, RATE_WINDOW) },
        { record: recorded.operationRate(names), expr: rate(operations, RATE_WINDOW) },
        { record: recorded.runErrorRate(names), expr: failureRate(runErrors, runs, RATE_WINDOW) },
        { record: recorded.runRate(names), expr: rate(runs, RATE_WINDOW) }
      ]
    }
  ]
}
