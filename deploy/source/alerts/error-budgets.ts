import { BURN_RATES, MIN_FAILURES, OBJECTIVES, OUR_OPERATION_ERRORS, OUR_RUN_ERRORS, type Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import { alertRule, type AlertRule } from '../rule.ts'

interface Budget {
  alert: string
  what: string
  objective: { goal: string, budget: number }
  ratio: (names: Names, window: string) => string
  failures: string
}

/** Alerts that page for what people notice: work that failed, measured against what may fail. */
export function errorBudgetAlerts (names: Names): AlertRule[] {
  const budgets: Budget[] = [
    {
      alert: 'McpOperationErrorBudgetBurn',
      what: 'MCP operations',
      objective: OBJECTIVES.operations,
      ratio: recorded.operationErrors,
      failures: names.series('mcp_server_operation_duration_seconds_count', OUR_OPERATION_ERRORS)
    },
    {
      alert: 'AgentRunErrorBudgetBurn',
      what: 'agent runs',
      objective: OBJECTIVES.runs,
      ratio: recorded.runErrors,
      failures: names.own('agent_run_duration_seconds_count', OUR_RUN_ERRORS)
    }
  ]
  return budgets.flatMap(({ alert, what, objective, ratio, failures }) =>
    BURN_RATES.map(({ severity, long, short, factor, for: pending }) => alertRule(names, {
      alert,
      expr: `${ratio(names, long)} > (${factor} * ${objective.budget})
and on (job)
${ratio(names, short)} > (${factor} * ${objective.budget})
and on (job)
sum by (job) (increase(${failures}[${long}])) >= ${MIN_FAILURES}`,
      for: pending,
      severity,
      labels: { long, short },
      summary: `Too many ${what} fail`,
      description: `{{ $value | humanizePercentage }} of the ${what} of {{ $labels.job }} failed in the last ${long}, and the last ${short} were no better. ` +
        `That is more than ${factor} times what an objective of ${objective.goal} allows.`
    }))
  )
}
