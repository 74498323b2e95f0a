import type { Names } from '../names.ts'
import { at, HERE, labelsOf, type AlertCase } from './alert-case.ts'

export function availabilityCases ({ own, series, job }: Names): AlertCase[] {
  const { ofJob, ofInstance } = labelsOf(job)
  const lastSuccess = (check: string): string => own('health_check_last_success_timestamp_seconds', HERE, `check="${check}"`)
  return [
    {
      alert: 'McpDustServerDown',
      name: 'one of two instances stops answering',
      series: { [series('up', HERE)]: '1 0x9', [series('up', at('other:5001'))]: '1x10' },
      at: '4m',
      fires: [{ labels: ofInstance('critical'), description: `mcp-dust-server:5001 of ${job} has not answered Prometheus for 2m.` }]
    },
    { alert: 'McpDustServerDown', name: 'a single scrape fails', series: { [series('up', HERE)]: '1 0 1x8' }, at: '4m', fires: [] },
    {
      alert: 'McpDustServerAbsent',
      name: 'the target vanishes, while another job goes on',
      series: { [series('up', HERE)]: '1x3 stale', 'up{job="prometheus"}': '1x20' },
      at: '12m',
      fires: [{ labels: ofJob('critical'), description: `Prometheus has had no target of the job ${job} for 5m: nothing is watched.` }]
    },
    { alert: 'McpDustServerAbsent', name: 'the target is down, but known', series: { [series('up', HERE)]: '0x20' }, at: '12m', fires: [] },
    {
      alert: 'McpDustServerRestarting',
      name: 'four starts within half an hour',
      series: { [series('process_start_time_seconds', HERE)]: '100x5 200x5 300x5 400x5 500x5' },
      at: '28m',
      fires: [{ labels: ofInstance('warning'), description: `mcp-dust-server:5001 of ${job} was started 4 times in 30m.` }]
    },
    { alert: 'McpDustServerRestarting', name: 'two rollouts', series: { [series('process_start_time_seconds', HERE)]: '100x10 200x10 300x10' }, at: '28m', fires: [] },
    {
      alert: 'StoreDown',
      name: 'the disk is full',
      series: { [own('health_check_status', HERE, 'check="database"')]: '1 0x9' },
      at: '4m',
      fires: [{
        labels: ofInstance('critical', { check: 'database' }),
        description: `mcp-dust-server:5001 of ${job} has not been able to use its session store for 2m, so it takes no traffic.`
      }]
    },
    {
      alert: 'StoreDown',
      name: 'only Dust is down',
      series: { [own('health_check_status', HERE, 'check="database"')]: '1x10', [own('health_check_status', HERE, 'check="dustApi"')]: '0x10' },
      at: '8m',
      fires: []
    },
    {
      alert: 'HealthCheckStale',
      name: 'a check passed last at the start, another never',
      series: { [lastSuccess('tickets')]: '0x5 60x30', [lastSuccess('database')]: '0+60x40' },
      at: '20m',
      fires: [{
        labels: ofInstance('warning', { check: 'tickets' }),
        description: `The check tickets of mcp-dust-server:5001 of ${job} passed 19m 0s ago.`
      }]
    },
    { alert: 'HealthCheckStale', name: 'a check passes, but always four minutes ago', series: { [lastSuccess('dustApi')]: '0x3 0+60x30' }, at: '20m', fires: [] },
    {
      alert: 'Watchdog',
      name: 'nothing happens at all',
      series: {},
      at: '1m',
      fires: [{ labels: { severity: 'none' }, description: 'This alert always fires. Whoever expects it hears from its absence that alerts no longer arrive.' }]
    }
  ]
}
