import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import * as units from '@grafana/grafana-foundation-sdk/units'
import { BURN_RATES, OBJECTIVE_PERIOD, OBJECTIVES, type Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import { graph, stat } from './panels.ts'
import { chosen, medianAndTail, ofChosenJob, perMinute } from './queries.ts'

const [{ long, short }] = BURN_RATES

/** The share of failures in both windows of the fastest alert, which fires when both are above its limit. */
function burn (ratio: (names: Names, window: string) => string, names: Names) {
  return {
    unit: units.PercentUnit,
    queries: [short, long].map((window) => ({ expr: ofChosenJob(ratio(names, window)), legend: `{{job}}, ${window}` }))
  }
}

export function failedOperations (names: Names): Builder<Panel> {
  return graph({
    ...burn(recorded.operationErrors, names),
    title: 'Operations failed by our fault',
    description: `Share of the MCP operations that failed by a fault of the service in the last ${short} and ${long}. Not counted are mistakes of clients, cancelled calls and tools that could not do it.`,
    alert: 'McpOperationErrorBudgetBurn'
  })
}

export function failedRuns (names: Names): Builder<Panel> {
  return graph({
    ...burn(recorded.runErrors, names),
    title: 'Agent runs failed',
    description: `Share of the agent runs that ended with an error, took too long or were cut by a stop of the service in the last ${short} and ${long}.`,
    alert: 'AgentRunErrorBudgetBurn'
  })
}

const BUDGETS = {
  operations: { what: 'MCP operations', errorRate: recorded.operationErrorRate, rate: recorded.operationRate },
  runs: { what: 'Agent runs', errorRate: recorded.runErrorRate, rate: recorded.runRate }
}

/** What is left of what may fail in a month, as a share: 0 when all is used up, and below when the objective is missed. */
export function errorBudgetLeft (names: Names, kind: keyof typeof BUDGETS): Builder<Panel> {
  const { what, errorRate, rate } = BUDGETS[kind]
  const { goal, budget } = OBJECTIVES[kind]
  const sum = (rate: string): string => `sum_over_time(${ofChosenJob(rate)}[${OBJECTIVE_PERIOD}])`
  return stat({
    title: `${what}: budget left (${OBJECTIVE_PERIOD})`,
    description: `How much of what may fail is left, with an objective of ${goal} in ${OBJECTIVE_PERIOD}, or in the time that Prometheus remembers. Below 0 the objective is missed.`,
    unit: units.PercentUnit,
    noValue: 'idle',
    goodFrom: 0,
    queries: [{ expr: `1 - ${sum(errorRate(names))} / (${sum(rate(names))} > 0) / ${budget}`, legend: '{{job}}' }]
  })
}

export function runsByOutcome (names: Names): Builder<Panel> {
  return graph({
    title: 'Agent runs by outcome',
    description: 'How agent runs ended for the one who asked. Those with timeout, waiting and shutdown went on without them.',
    unit: units.OpsPerMinute,
    queries: [{ expr: perMinute(chosen(names).own('agent_run_duration_seconds_count'), 'outcome'), legend: '{{outcome}}' }]
  })
}

export function firstToken (names: Names): Builder<Panel> {
  return graph({
    title: 'Time to the first words',
    description: 'Time from the question to the first piece of the agent\'s answer.',
    unit: units.Seconds,
    alert: 'SlowFirstToken',
    queries: medianAndTail(chosen(names).own('agent_time_to_first_token_seconds_bucket'))
  })
}

export function httpLatency (names: Names): Builder<Panel> {
  return graph({
    title: 'HTTP latency, all routes (95th percentile)',
    description: 'A twentieth of the HTTP requests of clients waits longer; for an event stream it is the time until its head.',
    unit: units.Seconds,
    alert: 'HighLatency',
    queries: [{ expr: ofChosenJob(recorded.httpLatency(names)), legend: '{{job}}' }]
  })
}

export function httpErrors (names: Names): Builder<Panel> {
  return graph({
    title: 'Share of HTTP errors',
    description: 'Share of the HTTP requests of clients that are answered with a 5xx. Most failures of MCP are a 200.',
    unit: units.PercentUnit,
    alert: 'HighErrorRate',
    queries: [{ expr: ofChosenJob(recorded.httpErrors(names)), legend: '{{job}}' }]
  })
}
