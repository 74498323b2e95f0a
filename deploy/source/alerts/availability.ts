import { LIMITS, type Names } from '../names.ts'
import { alertRule, type AlertRule } from '../rule.ts'

/** Whether there is a server at all, and whether anybody would hear of it. */
export function availabilityAlerts (names: Names): AlertRule[] {
  const { own, series, job } = names
  const limits = LIMITS
  return [
    alertRule(names, {
      alert: 'McpDustServerDown',
      expr: `${series('up')} == 0`,
      for: limits.McpDustServerDown.for,
      severity: 'critical',
      summary: 'An instance cannot be scraped',
      description: `{{ $labels.instance }} of {{ $labels.job }} has not answered Prometheus for ${limits.McpDustServerDown.for}.`
    }),
    alertRule(names, {
      alert: 'McpDustServerAbsent',
      expr: `absent(${series('up')})`,
      for: limits.McpDustServerAbsent.for,
      severity: 'critical',
      summary: 'Prometheus knows no instance at all',
      description: `Prometheus has had no target of the job ${job} for ${limits.McpDustServerAbsent.for}: nothing is watched.`
    }),
    alertRule(names, {
      alert: 'McpDustServerRestarting',
      expr: `changes(${series('process_start_time_seconds')}[${limits.McpDustServerRestarting.window}]) > ${limits.McpDustServerRestarting.restarts}`,
      severity: 'warning',
      summary: 'An instance restarts again and again',
      description: `{{ $labels.instance }} of {{ $labels.job }} was started {{ $value }} times in ${limits.McpDustServerRestarting.window}.`
    }),
    alertRule(names, {
      alert: 'StoreDown',
      expr: `${own('health_check_status', 'check="database"')} == 0`,
      for: limits.StoreDown.for,
      severity: 'critical',
      summary: 'The session store does not work',
      description: `{{ $labels.instance }} of {{ $labels.job }} has not been able to use its session store for ${limits.StoreDown.for}, so it takes no traffic.`
    }),
    alertRule(names, {
      alert: 'HealthCheckStale',
      expr: `time() - ${own('health_check_last_success_timestamp_seconds')} > ${limits.HealthCheckStale.seconds}`,
      for: limits.HealthCheckStale.for,
      severity: 'warning',
      summary: 'A health check has not passed for long',
      description: 'The check {{ $labels.check }} of {{ $labels.instance }} of {{ $labels.job }} ' +
        '{{ if gt $value 1000000000.0 }}has never passed{{ else }}passed {{ $value | humanizeDuration }} ago{{ end }}.'
    }),
    alertRule(names, {
      alert: 'Watchdog',
      expr: 'vector(1)',
      severity: 'none',
      summary: 'Alerting works',
      description: 'This alert always fires. Whoever expects it hears from its absence that alerts no longer arrive.'
    })
  ]
}
