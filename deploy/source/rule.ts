import type { Names } from './names.ts'

export interface RecordingRule {
  record: string
  expr: string
}

export type Severity = 'critical' | 'warning' | 'none'

export interface AlertRule {
  alert: string
  expr: string
  for?: string
  labels: { severity: Severity } & Record<string, string>
  annotations: { summary: string, description: string, runbook_url: string }
}

export interface RuleGroup<Rule> {
  name: string
  rules: Rule[]
}

interface AlertSource {
  alert: string
  expr: string
  /** How long the expression must hold; at once without it. */
  for?: string
  severity: Severity
  labels?: Record<string, string>
  /** One line without values, so that alerts of many instances read the same. */
  summary: string
  /** With the values: `$value`, `$labels`. */
  description: string
}

/** Makes an alert with its link to `docs/runbooks.md`. */
export function alertRule ({ runbooks }: Names, source: AlertSource): AlertRule {
  const { alert, expr, severity, labels = {}, summary, description } = source
  return {
    alert,
    expr,
    ...(source.for === undefined ? {} : { for: source.for }),
    labels: { severity, ...labels },
    annotations: { summary, description, runbook_url: `${runbooks}docs/runbooks.md#${alert.toLowerCase()}` }
  }
}
