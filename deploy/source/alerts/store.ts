import { LIMITS, type Names } from '../names.ts'
import { alertRule, type AlertRule } from '../rule.ts'

/** What is wrong with a store that works, and with those that share it. */
export function storeAlerts (names: Names): AlertRule[] {
  const { own } = names
  const { StoreSlow, ReplicasApart } = LIMITS
  return [
    alertRule(names, {
      alert: 'StoreSlow',
      expr: `histogram_quantile(0.95, sum by (job, instance, le) (rate(${own('store_operation_duration_seconds_bucket')}[${StoreSlow.window}]))) > ${StoreSlow.seconds}`,
      for: StoreSlow.for,
      severity: 'warning',
      summary: 'The session store is slow',
      description: 'A twentieth of what {{ $labels.instance }} of {{ $labels.job }} asks of its session store takes longer than {{ $value | humanizeDuration }}, and so do the pieces of answers.'
    }),
    // Those whose namespaces differ are different installations.
    alertRule(names, {
      alert: 'ReplicasApart',
      expr: `count by (job, namespace) (${own('config_info', 'session_store="redis"')}) > max by (job, namespace) (${own('replicas')})`,
      for: ReplicasApart.for,
      severity: 'warning',
      summary: 'Replicas do not share their sessions',
      description: 'Of {{ $labels.job }} there are {{ $value }} replicas with Redis, and none of them knows of all the others.'
    })
  ]
}
