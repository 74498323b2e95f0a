import * as units from '@grafana/grafana-foundation-sdk/units'
import { LIMITS, type Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import type { DashboardSource } from './dashboard.ts'
import { errorBudgetLeft, failedOperations, failedRuns, firstToken, httpErrors, httpLatency, runsByOutcome } from './shared-panels.ts'
import { graph, stat, table } from './panels.ts'
import { chosen, CHOSEN_JOB, ofChosenJob, perSecond } from './queries.ts'

const OPERATIONS = 'mcp_server_operation_duration_seconds_count'
const ALERTS = `ALERTS{severity=~"critical|warning",${CHOSEN_JOB}}`
const CHECK = { unit: units.NoUnit, words: { 0: 'fails', 1: 'works' }, noValue: 'unknown', goodFrom: 1 }

/** Is it well, and if not, where to look next. */
export function overviewDashboard (names: Names): DashboardSource {
  const { own, series } = chosen(names)
  const hourlyErrors = (ratio: string, what: string) => ({
    description: `Share of ${what} that failed in the last 1h and had no business to.`,
    unit: units.PercentUnit,
    noValue: 'idle',
    queries: [{ expr: ofChosenJob(ratio), legend: '{{job}}' }]
  })
  return {
    title: 'Overview',
    description: 'Is the service well, and if not, where to look next.',
    rows: {
      'At a glance': [
        // Of the whole job: an instance that has been silent for long isn't among those to choose from.
        stat({
          title: 'Instances up',
          description: 'Share of the job\'s instances that answer Prometheus. Below 100 % one is missing.',
          unit: units.PercentUnit,
          noValue: 'none',
          goodFrom: 1,
          queries: [{ expr: `avg(${ofChosenJob('up')})`, legend: 'up' }]
        }),
        stat({ ...hourlyErrors(recorded.operationErrors(names, '1h'), 'the MCP operations'), title: 'MCP operations failed (1h)', alert: 'McpOperationErrorBudgetBurn' }),
        stat({ ...hourlyErrors(recorded.runErrors(names, '1h'), 'the agent runs'), title: 'Agent runs failed (1h)', alert: 'AgentRunErrorBudgetBurn' }),
        stat({ ...CHECK, title: 'Dust API', description: 'Whether every instance can use the Dust API.', queries: [{ expr: `min(${own('health_check_status', 'check="dustApi"')})`, legend: 'Dust API' }] }),
        stat({
          title: 'Active sessions',
          description: 'MCP sessions in the store, those of clients that are away for now, too.',
          unit: units.Short,
          noValue: '0',
          queries: [{ expr: `sum(${own('active_sessions')})`, legend: 'sessions' }]
        }),
        stat({
          title: 'Memory',
          description: 'Share of the memory that an instance may use, of the instance that is worst off.',
          unit: units.PercentUnit,
          noValue: 'unknown',
          alert: 'HighMemoryUsage',
          queries: [{ expr: `max(${recorded.memory(names)}{${CHOSEN_JOB},instance=~"$instance"})`, legend: 'highest' }]
        }),
        stat({
          title: 'Alerts firing',
          description: 'Alerts of the job that fire now. They are listed below.',
          unit: units.NoUnit,
          noValue: '0',
          badFrom: 1,
          queries: [{ expr: `count(ALERTS{alertstate="firing",severity=~"critical|warning",${CHOSEN_JOB}}) or vector(0)`, legend: 'firing' }]
        }),
        errorBudgetLeft(names, 'operations'),
        errorBudgetLeft(names, 'runs'),
        stat({ ...CHECK, title: 'Session store', description: 'Whether every instance can use its session store.', queries: [{ expr: `min(${own('health_check_status', 'check="database"')})`, legend: 'store' }] }),
        stat({
          title: 'Agent runs in progress',
          description: 'Agent runs that somebody waits for, and that don\'t wait for a person themselves.',
          unit: units.Short,
          noValue: '0',
          queries: [{ expr: `sum(${own('agent_runs_in_progress')})`, legend: 'runs' }]
        }),
        stat({
          title: 'CPU',
          description: `Share of one core in the last ${LIMITS.HighCPUUsage.window}, of the instance that is worst off.`,
          unit: units.Percent,
          noValue: 'unknown',
          alert: 'HighCPUUsage',
          queries: [{ expr: `max(avg_over_time(${own('cpu_usage_percent')}[${LIMITS.HighCPUUsage.window}]))`, legend: 'highest' }]
        })
      ],
      'MCP operations': [
        graph({
          title: 'Operations by method',
          description: 'What clients ask for.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(series(OPERATIONS), 'mcp_method_name'), legend: '{{mcp_method_name}}' }]
        }),
        graph({
          title: 'Failures by type',
          description: 'JSON-RPC codes, tool_error for a tool that could not do it, or why an operation was aborted. Not all of them are the service\'s fault.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(series(OPERATIONS, 'error_type!=""'), 'error_type'), legend: '{{error_type}}' }]
        }),
        failedOperations(names)
      ],
      'Agent runs': [runsByOutcome(names), firstToken(names), failedRuns(names)],
      'HTTP and alerts': [
        httpLatency(names),
        httpErrors(names),
        table({
          title: 'Alerts',
          description: 'Alerts of the job that fire, or will if it goes on. An empty list is good news.',
          expr: `max by (alertname, severity, alertstate, instance) (${ALERTS})`,
          columns: { Alert: 'alertname', Severity: 'severity', State: 'alertstate', Instance: 'instance' }
        })
      ]
    }
  }
}
