import { BURN_RATES, LIMITS, OBJECTIVES } from '../names.ts'
import type { Severity } from '../rule.ts'

const [FASTEST_BURN] = BURN_RATES

/** The share of failures that uses up the budget too fast, without the dust of floating point. */
const burning = (budget: number): number => Number((FASTEST_BURN.factor * budget).toPrecision(6))

const critical = (value: number) => ({ value, severity: 'critical' as const satisfies Severity })
const warning = (value: number) => ({ value, severity: 'warning' as const satisfies Severity })

/** Where alerts begin, for the panels that show what they look at. */
export const THRESHOLDS = {
  McpDustServerRestarting: warning(LIMITS.McpDustServerRestarting.restarts),
  HealthCheckStale: warning(LIMITS.HealthCheckStale.seconds),
  McpOperationErrorBudgetBurn: critical(burning(OBJECTIVES.operations.budget)),
  AgentRunErrorBudgetBurn: critical(burning(OBJECTIVES.runs.budget)),
  HighErrorRate: critical(LIMITS.HighErrorRate.ratio),
  HighLatency: warning(LIMITS.HighLatency.seconds),
  TooManySessions: warning(LIMITS.TooManySessions.ratio),
  SlowFirstToken: warning(LIMITS.SlowFirstToken.seconds),
  AgentRunsSaturated: warning(LIMITS.AgentRunsSaturated.ratio),
  DustApiErrors: warning(LIMITS.DustApiErrors.ratio),
  DustApiRateLimited: warning(LIMITS.DustApiRateLimited.perSecond),
  HighMemoryUsage: warning(LIMITS.HighMemoryUsage.ratio),
  HighCPUUsage: warning(LIMITS.HighCPUUsage.percent),
  EventLoopLagHigh: warning(LIMITS.EventLoopLagHigh.seconds),
  FileDescriptorsLow: warning(LIMITS.FileDescriptorsLow.ratio),
  ErrorLogs: warning(LIMITS.ErrorLogs.lines)
}

export type DrawnAlert = keyof typeof THRESHOLDS

export const SEVERITY_COLORS = { critical: 'red', warning: 'orange' }
