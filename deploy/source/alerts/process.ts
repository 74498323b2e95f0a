import { LIMITS, type Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import { alertRule, type AlertRule } from '../rule.ts'

/** What a single process runs out of. */
export function processAlerts (names: Names): AlertRule[] {
  const { own, series } = names
  const { HighMemoryUsage, HighCPUUsage, EventLoopLagHigh, FileDescriptorsLow, ErrorLogs } = LIMITS
  return [
    alertRule(names, {
      alert: 'HighMemoryUsage',
      expr: `${recorded.memory(names)} > ${HighMemoryUsage.ratio}`,
      for: HighMemoryUsage.for,
      severity: 'warning',
      summary: 'High memory usage',
      description: '{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of the memory that it may use.'
    }),
    alertRule(names, {
      alert: 'HighCPUUsage',
      expr: `avg_over_time(${own('cpu_usage_percent')}[${HighCPUUsage.window}]) > ${HighCPUUsage.percent}`,
      for: HighCPUUsage.for,
      severity: 'warning',
      summary: 'High CPU usage',
      description: '{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | printf "%.0f" }} % of one core, and it has little use for a second one.'
    }),
    alertRule(names, {
      alert: 'EventLoopLagHigh',
      expr: `${series('nodejs_eventloop_lag_p99_seconds')} > ${EventLoopLagHigh.seconds}`,
      for: EventLoopLagHigh.for,
      severity: 'warning',
      summary: 'The event loop is late',
      description: 'The event loop of {{ $labels.instance }} of {{ $labels.job }} is up to {{ $value | humanizeDuration }} late.'
    }),
    alertRule(names, {
      alert: 'FileDescriptorsLow',
      expr: `${series('process_open_fds')} / (${series('process_max_fds')} > 0) > ${FileDescriptorsLow.ratio}`,
      for: FileDescriptorsLow.for,
      severity: 'warning',
      summary: 'File descriptors run out',
      description: '{{ $labels.instance }} of {{ $labels.job }} has {{ $value | humanizePercentage }} of its file descriptors open; without one no connection is accepted.'
    }),
    alertRule(names, {
      alert: 'ErrorLogs',
      expr: `sum by (job) (increase(${own('log_messages_total', 'level=~"error|fatal"')}[${ErrorLogs.window}])) > ${ErrorLogs.lines}`,
      for: ErrorLogs.for,
      severity: 'warning',
      summary: 'Many errors are logged',
      description: `{{ $labels.job }} logged {{ $value | printf "%.0f" }} errors in ${ErrorLogs.window}.`
    })
  ]
}
