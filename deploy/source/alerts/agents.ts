import { DUST_ERRORS, LIMITS, type Names } from '../names.ts'
import { alertRule, type AlertRule } from '../rule.ts'

/** Agent runs, and the Dust API behind them. */
export function agentAlerts (names: Names): AlertRule[] {
  const { own } = names
  const { SlowFirstToken, AgentRunsSaturated, DustApiDown, DustApiUnauthorized, DustApiErrors, DustApiRateLimited } = LIMITS
  return [
    alertRule(names, {
      alert: 'SlowFirstToken',
      expr: `histogram_quantile(0.95, sum by (job, le) (rate(${own('agent_time_to_first_token_seconds_bucket')}[${SlowFirstToken.window}]))) > ${SlowFirstToken.seconds}
and on (job)
sum by (job) (increase(${own('agent_time_to_first_token_seconds_count')}[${SlowFirstToken.window}])) >= ${SlowFirstToken.runs}`,
      for: SlowFirstToken.for,
      severity: 'warning',
      summary: 'Agents begin to answer late',
      description: 'A twentieth of the askers of {{ $labels.job }} wait longer than {{ $value | humanizeDuration }} for the first words.'
    }),
    alertRule(names, {
      alert: 'AgentRunsSaturated',
      expr: `${own('agent_runs_in_progress')} / (${own('agent_runs_limit')} > 0) > ${AgentRunsSaturated.ratio}`,
      for: AgentRunsSaturated.for,
      severity: 'warning',
      summary: 'Nearly as many agents run as may',
      description: '{{ $labels.instance }} of {{ $labels.job }} has {{ $value | humanizePercentage }} of the agent runs that DUST_MAX_RUNS allows; beyond it questions are refused.'
    }),
    alertRule(names, {
      alert: 'DustApiDown',
      expr: `min by (job) (${own('health_check_status', 'check="dustApi"')}) == 0`,
      for: DustApiDown.for,
      severity: 'critical',
      summary: 'The Dust API cannot be used',
      description: `At least one instance of {{ $labels.job }} has not been able to use the Dust API for ${DustApiDown.for}: no agent answers there.`
    }),
    alertRule(names, {
      alert: 'DustApiUnauthorized',
      expr: `sum by (job) (increase(${own('dust_api_errors_total', 'type="unauthorized"')}[${DustApiUnauthorized.window}])) > 0`,
      severity: 'critical',
      summary: 'Dust refuses the API key',
      description: `Dust refused the API key of {{ $labels.job }} {{ $value | printf "%.0f" }} times in ${DustApiUnauthorized.window}.`
    }),
    alertRule(names, {
      alert: 'DustApiErrors',
      expr: `sum by (job) (rate(${own('dust_api_errors_total', DUST_ERRORS)}[${DustApiErrors.window}]))
/
(sum by (job) (rate(${own('dust_api_requests_total')}[${DustApiErrors.window}])) > 0)
> ${DustApiErrors.ratio}
and on (job)
sum by (job) (increase(${own('dust_api_requests_total')}[${DustApiErrors.window}])) >= ${DustApiErrors.requests}`,
      for: DustApiErrors.for,
      severity: 'warning',
      summary: 'Many requests to Dust fail',
      description: '{{ $value | humanizePercentage }} of the requests of {{ $labels.job }} to the Dust API fail.'
    }),
    alertRule(names, {
      alert: 'DustApiRateLimited',
      expr: `sum by (job) (rate(${own('dust_api_errors_total', 'type="rate_limited"')}[${DustApiRateLimited.window}])) > ${DustApiRateLimited.perSecond}`,
      for: DustApiRateLimited.for,
      severity: 'warning',
      summary: 'Dust limits the rate of requests',
      description: 'Dust answers {{ $value | printf "%.2f" }} requests of {{ $labels.job }} per second with "too many".'
    })
  ]
}
