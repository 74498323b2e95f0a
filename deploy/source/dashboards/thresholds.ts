import { BURN_RATES, LIMITS, OBJECTIVES } from '../names.ts'
import type { Severity } from '../rule.ts'

const [FASTEST_BURN] = BURN_RATES

interface Limit {
  value: number
  severity: Exclude<Severity, 'none'>
  /** What an objective allows: above it the slower windows of the alert may fire already. */
  objective?: number
}

const critical = (value: number): Limit => ({ value, severity: 'critical' })
const warning = (value: number): Limit => ({ value, severity: 'warning' })

/** The share of failures that uses up the budget too fast, without the dust of floating point. */
const burning = (budget: number): Limit => ({ ...critical(Number((FASTEST_BURN.factor * budget).toPrecision(6))), objective: budget })

/** Where alerts begin, for the panels that show what they look at. */
export const THRESHOLDS = {
  McpDustServerRestarting: warning(LIMITS.McpDustServerRestarting.restarts),
  StoreSlow: warning(LIMITS.StoreSlow.seconds),
  HealthCheckStale: warning(LIMITS.HealthCheckStale.seconds),
  McpOperationErrorBudgetBurn: burning(OBJECTIVES.operations.budget),
  AgentRunErrorBudgetBurn: burning(OBJECTIVES.runs.budget),
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
