import { SLACK_CHANNEL, SLACK_URL_FILE } from './names.ts'

const TITLE = '[{{ .Status | toUpper }}] {{ .CommonLabels.alertname }} ({{ .CommonLabels.severity }})'
const TEXT = `{{ range .Alerts }}*{{ .Annotations.summary }}*{{ if eq .Status "resolved" }} (over){{ end }}
{{ .Annotations.description }}
What to do: {{ .Annotations.runbook_url }}
{{ end }}`

function slack (name: string, color: string) {
  return {
    name,
    slack_configs: [{
      api_url_file: SLACK_URL_FILE,
      channel: SLACK_CHANNEL,
      send_resolved: true,
      color: `{{ if eq .Status "firing" }}${color}{{ else }}good{{ end }}`,
      title: TITLE,
      text: TEXT
    }]
  }
}

/** Who hears of an alert, how often, and which alerts are only the consequence of another. */
export function alertmanagerConfig () {
  return {
    route: {
      receiver: 'slack',
      group_by: ['alertname', 'job'],
      group_wait: '30s',
      group_interval: '5m',
      repeat_interval: '4h',
      routes: [
        // Give it a receiver that complains when it stops hearing from the alert.
        { matchers: ['alertname="Watchdog"'], receiver: 'null' },
        { matchers: ['severity="critical"'], receiver: 'slack-critical', group_wait: '10s', repeat_interval: '1h' }
      ]
    },
    inhibit_rules: [
      inhibition(['severity="critical"'], ['severity="warning"'], ['job', 'alertname']),
      inhibition(['alertname="McpDustServerAbsent"'], ['severity="warning"'], ['job']),
      // Of the same instance only: one dead replica must not silence what is said about the others.
      inhibition(['alertname="McpDustServerDown"'], ['severity="warning"', 'instance!=""'], ['job', 'instance']),
      inhibition(['alertname="DustApiUnauthorized"'], ['alertname="DustApiDown"'], ['job']),
      inhibition(['alertname=~"DustApiDown|DustApiUnauthorized"'], ['alertname=~"DustApiErrors|SlowFirstToken|AgentRunErrorBudgetBurn"'], ['job']),
      inhibition(['alertname=~"DustApiDown|DustApiUnauthorized"'], ['alertname="HealthCheckStale"', 'check="dustApi"'], ['job']),
      inhibition(['alertname="StoreDown"'], ['alertname="HealthCheckStale"', 'check="database"'], ['job', 'instance'])
    ],
    receivers: [slack('slack', 'warning'), slack('slack-critical', 'danger'), { name: 'null' }]
  }
}

function inhibition (source: string[], target: string[], equal: string[]) {
  return { source_matchers: source, target_matchers: target, equal }
}
