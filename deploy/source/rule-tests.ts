import { agentCases } from './cases/agents.ts'
import type { AlertCase } from './cases/alert-case.ts'
import { availabilityCases } from './cases/availability.ts'
import { errorBudgetCases } from './cases/error-budgets.ts'
import { httpCases } from './cases/http.ts'
import { processCases } from './cases/process.ts'
import { recordingCases, type RecordingCase } from './cases/recording.ts'
import { storeCases } from './cases/store.ts'
import type { Names } from './names.ts'
import { RULE_FILES } from './prometheus.ts'
import { createRules } from './rules.ts'

/** Every case, by the subject of its file. */
export function alertCases (names: Names): Record<string, AlertCase[]> {
  return {
    availability: availabilityCases(names),
    store: storeCases(names),
    'error-budgets': errorBudgetCases(names),
    http: httpCases(names),
    agents: agentCases(names),
    process: processCases(names)
  }
}

/** The cases as promtool reads them, in files beside the folder of the rules. */
export function ruleTests (names: Names): Record<string, unknown> {
  const { recording, alerts } = createRules(names)
  const rules = alerts.flatMap((group) => group.rules)
  const during = (name: string, series: Record<string, string>) => ({
    name,
    interval: '1m',
    input_series: Object.entries(series).map(([series, values]) => ({ series, values }))
  })
  const file = (tests: unknown[]) => ({
    rule_files: RULE_FILES.map((file) => `../${file}`),
    evaluation_interval: '1m',
    // What alerts look at must be recorded before them, or they come a minute late by chance.
    group_eval_order: [...recording, ...alerts].map((group) => group.name),
    tests
  })
  const toRecordingTest = ({ name, series, at, record, value }: RecordingCase) => ({
    ...during(`${record}: ${name}`, series),
    promql_expr_test: [{ expr: record, eval_time: at, exp_samples: value === null ? [] : [{ labels: `${record}{job="${names.job}"}`, value }] }]
  })
  const toAlertTest = ({ alert, name, series, at, fires }: AlertCase) => {
    const rule = rules.find((candidate) => candidate.alert === alert)
    if (rule === undefined) throw new Error(`There is a case for ${alert}, but no such alert`)
    return {
      ...during(`${alert}: ${name}`, series),
      alert_rule_test: [{
        eval_time: at,
        alertname: alert,
        exp_alerts: fires.map(({ labels, description }) => ({ exp_labels: labels, exp_annotations: { ...rule.annotations, description } }))
      }]
    }
  }
  return {
    recording: file(recordingCases(names).map(toRecordingTest)),
    ...Object.fromEntries(Object.entries(alertCases(names)).map(([subject, cases]) => [subject, file(cases.map(toAlertTest))]))
  }
}
