import { agentAlerts } from './alerts/agents.ts'
import { availabilityAlerts } from './alerts/availability.ts'
import { errorBudgetAlerts } from './alerts/error-budgets.ts'
import { httpAlerts } from './alerts/http.ts'
import { processAlerts } from './alerts/process.ts'
import { storeAlerts } from './alerts/store.ts'
import type { Names } from './names.ts'
import { recordingRules } from './recording-rules.ts'
import type { AlertRule, RecordingRule, RuleGroup } from './rule.ts'

/** Every group of rules, for the two files that Prometheus loads. */
export function createRules (names: Names): { recording: Array<RuleGroup<RecordingRule>>, alerts: Array<RuleGroup<AlertRule>> } {
  const group = (subject: string, rules: AlertRule[]): RuleGroup<AlertRule> => ({ name: `${names.prefix}_${subject}_alerts`, rules })
  return {
    recording: recordingRules(names),
    alerts: [
      group('availability', availabilityAlerts(names)),
      group('store', storeAlerts(names)),
      group('error_budget', errorBudgetAlerts(names)),
      group('http', httpAlerts(names)),
      group('agent', agentAlerts(names)),
      group('process', processAlerts(names))
    ]
  }
}
