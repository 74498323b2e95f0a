import * as units from '@grafana/grafana-foundation-sdk/units'
import { DUST_ERRORS, type Names } from '../names.ts'
import type { DashboardSource } from './dashboard.ts'
import { graph, heatmap } from './panels.ts'
import { chosen, medianAndTail, perMinute, perSecond, quantile, spread } from './queries.ts'
import { failedRuns, firstToken, runsByOutcome } from './shared-panels.ts'

const CALLS = 'mcp_server_operation_duration_seconds'

/** Agent runs, the tools that lead to them, and the Dust API behind them. */
export function agentsDashboard (names: Names): DashboardSource {
  const { own, series } = chosen(names)
  const failedRequests = perSecond(own('dust_api_errors_total', DUST_ERRORS), 'job')
  const requests = perSecond(own('dust_api_requests_total'), 'job')
  return {
    title: 'Agents and Dust API',
    description: 'Agent runs, the tools that lead to them, and the Dust API behind them.',
    rows: {
      'Agent runs': [
        runsByOutcome(names),
        firstToken(names),
        failedRuns(names),
        graph({
          title: 'Agent runs in progress',
          description: 'Agent runs that somebody waits for, and that don\'t wait for a person themselves.',
          unit: units.Short,
          queries: [{ expr: own('agent_runs_in_progress'), legend: '{{instance}}' }]
        }),
        graph({
          title: 'Share of the agent runs allowed',
          description: 'Agent runs in progress as a share of DUST_MAX_RUNS. Beyond it questions are refused.',
          unit: units.PercentUnit,
          alert: 'AgentRunsSaturated',
          queries: [{ expr: `${own('agent_runs_in_progress')} / (${own('agent_runs_limit')} > 0)`, legend: '{{instance}}' }]
        }),
        graph({
          title: 'Agent runs refused',
          description: 'Questions that were refused, by why.',
          unit: units.OpsPerMinute,
          queries: [{ expr: perMinute(own('agent_runs_rejected_total'), 'reason'), legend: '{{reason}}' }]
        }),
        heatmap({
          title: 'Agent run durations',
          description: 'How many agent runs took how long, whatever their outcome.',
          unit: units.Seconds,
          expr: spread(own('agent_run_duration_seconds_bucket'))
        }),
        graph({
          title: 'Agent run duration',
          description: 'Time from the question to the end of the run.',
          unit: units.Seconds,
          queries: medianAndTail(own('agent_run_duration_seconds_bucket'))
        }),
        graph({
          title: 'Agent events',
          description: 'What Dust tells of the runs while they go on, without the pieces of text, which are far more. At run_completed the final message is known.',
          unit: units.EventsPerSecond,
          queries: [{ expr: perSecond(own('agent_events_total', 'type!="generation_tokens"'), 'type'), legend: '{{type}}' }]
        })
      ],
      Tools: [
        graph({
          title: 'Calls by tool',
          description: 'Which tools clients call.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(series(`${CALLS}_count`, 'gen_ai_tool_name!=""'), 'gen_ai_tool_name'), legend: '{{gen_ai_tool_name}}' }]
        }),
        graph({
          title: 'Tool duration (95th percentile)',
          description: 'A twentieth of the calls takes longer.',
          unit: units.Seconds,
          queries: [{ expr: quantile(0.95, series(`${CALLS}_bucket`, 'gen_ai_tool_name!=""'), ['gen_ai_tool_name']), legend: '{{gen_ai_tool_name}}' }]
        }),
        graph({
          title: 'Failed calls by tool',
          description: '-32603 is a fault of the service; tool_error is what Dust or the agent could not do.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(series(`${CALLS}_count`, 'gen_ai_tool_name!=""', 'error_type!=""'), 'gen_ai_tool_name', 'error_type'), legend: '{{gen_ai_tool_name}} {{error_type}}' }]
        })
      ],
      'Dust API': [
        graph({
          title: 'Requests to Dust',
          description: 'Requests by the operation of our client, tries that were repeated included.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('dust_api_requests_total'), 'endpoint'), legend: '{{endpoint}}' }]
        }),
        graph({
          title: 'Dust latency (95th percentile)',
          description: 'A twentieth of the requests takes longer; for an event stream it is the time until its head.',
          unit: units.Seconds,
          queries: [{ expr: quantile(0.95, own('dust_api_request_duration_seconds_bucket'), ['endpoint']), legend: '{{endpoint}}' }]
        }),
        graph({
          title: 'Answers of Dust by status',
          description: 'What Dust answered; 0: no answer came.',
          unit: units.RequestsPerSecond,
          queries: [{ expr: perSecond(own('dust_api_requests_total'), 'status'), legend: '{{status}}' }]
        }),
        graph({
          title: 'Requests to Dust that fail',
          description: 'Share of the requests that fail. Not counted are cancelled ones, things that were not found, and what has an alert of its own.',
          unit: units.PercentUnit,
          alert: 'DustApiErrors',
          queries: [{ expr: `${failedRequests} / (${requests} > 0)`, legend: '{{job}}' }]
        }),
        graph({
          title: 'Dust errors by type',
          description: 'Everything that went wrong between the service and Dust.',
          unit: units.EventsPerSecond,
          queries: [{ expr: perSecond(own('dust_api_errors_total'), 'type'), legend: '{{type}}' }]
        }),
        graph({
          title: 'Requests beyond Dust\'s rate limit',
          description: 'Requests that Dust refused because there were too many. The service waits and tries again.',
          unit: units.RequestsPerSecond,
          alert: 'DustApiRateLimited',
          queries: [{ expr: perSecond(own('dust_api_errors_total', 'type="rate_limited"'), 'job'), legend: '{{job}}' }]
        }),
        graph({
          title: 'Repeated requests',
          description: 'Requests to Dust that were tried again. Why, is seen among the errors.',
          unit: units.RequestsPerSecond,
          // The counter isn't there before the first of them.
          queries: [{ expr: `${perSecond(own('dust_api_retries_total'), 'job')} or 0 * ${requests}`, legend: '{{job}}' }]
        }),
        graph({
          title: 'Age of the last passed check',
          description: 'Time since a health check passed.',
          unit: units.Seconds,
          alert: 'HealthCheckStale',
          queries: [{ expr: `max by (check) (time() - (${own('health_check_last_success_timestamp_seconds')} > 0))`, legend: '{{check}}' }]
        }),
        graph({
          title: 'Agents',
          description: 'Agents in the last list that was fetched.',
          unit: units.Short,
          queries: [{ expr: own('agents_available'), legend: '{{instance}}' }]
        })
      ]
    }
  }
}
