import { clientsOnly, LIMITS, type Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import { alertRule, type AlertRule } from '../rule.ts'

/** HTTP as clients see it, probes left out. Most failures of MCP are an HTTP 200: the error budgets have those. */
export function httpAlerts (names: Names): AlertRule[] {
  const { own } = names
  const clients = clientsOnly(names)
  const { HighErrorRate, HighLatency, TooManySessions } = LIMITS
  return [
    alertRule(names, {
      alert: 'HighErrorRate',
      expr: `${recorded.httpErrors(names)} > ${HighErrorRate.ratio}
and on (job)
sum by (job) (increase(${own('http_requests_total', clients)}[${HighErrorRate.window}])) >= ${HighErrorRate.requests}`,
      for: HighErrorRate.for,
      severity: 'critical',
      summary: 'High error rate',
      description: '{{ $value | humanizePercentage }} of the HTTP requests to {{ $labels.job }} are answered with a 5xx.'
    }),
    alertRule(names, {
      alert: 'HighLatency',
      expr: `${recorded.httpLatency(names)} > ${HighLatency.seconds}
and on (job)
sum by (job) (increase(${own('http_request_duration_seconds_count', clients)}[${HighLatency.window}])) >= ${HighLatency.requests}`,
      for: HighLatency.for,
      severity: 'warning',
      summary: 'High latency',
      description: 'A twentieth of the HTTP requests to {{ $labels.job }} wait longer than {{ $value | humanizeDuration }} for the head of their answer.'
    }),
    // Of replicas that share their sessions one counts for all, now this one and then another. Those that share nothing have a limit each.
    alertRule(names, {
      alert: 'TooManySessions',
      expr: `max by (job) (${own('active_sessions')} / (${own('sessions_limit')} > 0)) > ${TooManySessions.ratio}`,
      for: TooManySessions.for,
      severity: 'warning',
      summary: 'Too many sessions',
      description: '{{ $labels.job }} has {{ $value | humanizePercentage }} of the sessions that SESSION_LIMIT allows.'
    })
  ]
}
