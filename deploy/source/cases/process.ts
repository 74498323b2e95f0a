import type { Names } from '../names.ts'
import { HERE, labelsOf, type AlertCase } from './alert-case.ts'

export function processCases ({ own, series, job }: Names): AlertCase[] {
  const { ofJob, ofInstance } = labelsOf(job)
  const memory = (usedMiB: number, limitMiB: number): Record<string, string> => ({
    [own('memory_usage_bytes', HERE)]: `${usedMiB * 1024 ** 2}x20`,
    [own('memory_limit_bytes', HERE)]: `${limitMiB * 1024 ** 2}x20`
  })
  const openFiles = (open: number): Record<string, string> => ({
    [series('process_open_fds', HERE)]: `${open}x20`,
    [series('process_max_fds', HERE)]: '1024x20'
  })
  const lines = (level: string): string => own('log_messages_total', HERE, `level="${level}"`)
  return [
    {
      alert: 'HighMemoryUsage',
      name: '448 of 512 MiB',
      series: memory(448, 512),
      at: '8m',
      fires: [{ labels: ofInstance('warning'), description: `mcp-dust-server:5001 of ${job} uses 87.5% of the memory that it may use.` }]
    },
    { alert: 'HighMemoryUsage', name: '0.9 of 4 GiB', series: memory(920, 4096), at: '8m', fires: [] },
    {
      alert: 'HighCPUUsage',
      name: 'a core is busy',
      series: { [own('cpu_usage_percent', HERE)]: '95x20' },
      at: '15m',
      fires: [{ labels: ofInstance('warning'), description: `mcp-dust-server:5001 of ${job} uses 95 % of one core, and it has little use for a second one.` }]
    },
    { alert: 'HighCPUUsage', name: 'a short burst', series: { [own('cpu_usage_percent', HERE)]: '10x5 100x3 10x12' }, at: '13m', fires: [] },
    {
      alert: 'EventLoopLagHigh',
      name: 'half a second late',
      series: { [series('nodejs_eventloop_lag_p99_seconds', HERE)]: '0.5x20' },
      at: '8m',
      fires: [{ labels: ofInstance('warning'), description: `The event loop of mcp-dust-server:5001 of ${job} is up to 500ms late.` }]
    },
    { alert: 'EventLoopLagHigh', name: 'the usual ten milliseconds', series: { [series('nodejs_eventloop_lag_p99_seconds', HERE)]: '0.011x20' }, at: '8m', fires: [] },
    {
      alert: 'FileDescriptorsLow',
      name: '896 of 1024 are open',
      series: openFiles(896),
      at: '8m',
      fires: [{
        labels: ofInstance('warning'),
        description: `mcp-dust-server:5001 of ${job} has 87.5% of its file descriptors open; without one no connection is accepted.`
      }]
    },
    { alert: 'FileDescriptorsLow', name: '60 of 1024 are open', series: openFiles(60), at: '8m', fires: [] },
    {
      alert: 'ErrorLogs',
      name: 'five errors a minute',
      series: { [lines('error')]: '0+5x30', [lines('info')]: '0+100x30' },
      at: '20m',
      fires: [{ labels: ofJob('warning'), description: `${job} logged 50 errors in 10m.` }]
    },
    { alert: 'ErrorLogs', name: 'many warnings, few errors', series: { [lines('error')]: '0+1x30', [lines('warn')]: '0+100x30' }, at: '20m', fires: [] }
  ]
}
