import type { Names } from '../names.ts'
import { at, HERE, labelsOf, type AlertCase } from './alert-case.ts'

export function httpCases ({ own, job, metricsPath }: Names): AlertCase[] {
  const { ofJob } = labelsOf(job)
  const requests = (path: string, status: number): string => own('http_requests_total', HERE, `path="${path}"`, `status="${status}"`)
  const within = (path: string, le: string): string => own('http_request_duration_seconds_bucket', HERE, `path="${path}"`, `le="${le}"`)
  const timed = (path: string): string => own('http_request_duration_seconds_count', HERE, `path="${path}"`)
  /** Every request takes between 2.5 and 5 seconds. */
  const slow = (requests: string): Record<string, string> => ({ [within('/mcp', '2.5')]: '0x20', [within('/mcp', '5')]: requests, [within('/mcp', '+Inf')]: requests, [timed('/mcp')]: requests })
  return [
    {
      alert: 'HighErrorRate',
      name: 'a third of the requests fails among many probes, and scans for addresses that are not there',
      series: {
        [requests('/mcp', 200)]: '0+20x20',
        [requests('/mcp', 503)]: '0+10x20',
        [requests('/health', 200)]: '0+300x20',
        [requests(metricsPath, 200)]: '0+60x20',
        [requests('unmatched', 404)]: '0+500x20'
      },
      at: '12m',
      fires: [{ labels: ofJob('critical'), description: `33.33% of the HTTP requests to ${job} are answered with a 5xx.` }]
    },
    { alert: 'HighErrorRate', name: 'an instance that is not ready says so to its probe', series: { [requests('/mcp', 200)]: '0+20x20', [requests('/ready', 503)]: '0+60x20' }, at: '12m', fires: [] },
    { alert: 'HighErrorRate', name: 'one of two requests fails, in five minutes', series: { [requests('/mcp', 200)]: '0+0.2x20', [requests('/mcp', 500)]: '0+0.2x20' }, at: '12m', fires: [] },
    { alert: 'HighErrorRate', name: 'nobody asks anything', series: { [requests('/mcp', 200)]: '7x20', [requests('/mcp', 500)]: '7x20' }, at: '12m', fires: [] },
    { alert: 'HighErrorRate', name: 'nothing has ever failed', series: { [requests('/mcp', 200)]: '0+60x20' }, at: '12m', fires: [] },
    {
      alert: 'HighLatency',
      name: 'every request takes between 2.5 and 5 seconds',
      series: slow('0+5x20'),
      at: '12m',
      fires: [{ labels: ofJob('warning'), description: `A twentieth of the HTTP requests to ${job} wait longer than 4.875s for the head of their answer.` }]
    },
    {
      alert: 'HighLatency',
      name: 'healthy agents think in silence, so the head of their stream takes two seconds',
      series: { [within('/mcp', '1')]: '0x20', [within('/mcp', '2.5')]: '0+60x20', [within('/mcp', '5')]: '0+60x20', [within('/mcp', '+Inf')]: '0+60x20', [timed('/mcp')]: '0+60x20' },
      at: '12m',
      fires: []
    },
    {
      alert: 'HighLatency',
      name: 'three slow requests a minute, among many probes',
      series: { ...slow('0+3x20'), [within('/health', '0.1')]: '0+60x20', [within('/health', '+Inf')]: '0+60x20', [timed('/health')]: '0+60x20' },
      at: '12m',
      fires: []
    },
    {
      alert: 'TooManySessions',
      name: 'the sessions of two replicas, which one counts for both, then the other',
      series: {
        [own('active_sessions', HERE)]: '9000x4 0x16',
        [own('sessions_limit', HERE)]: '10000x20',
        [own('active_sessions', at('other:5001'))]: '0x4 9000x16',
        [own('sessions_limit', at('other:5001'))]: '10000x20'
      },
      at: '8m',
      fires: [{ labels: ofJob('warning'), description: `${job} has 90% of the sessions that SESSION_LIMIT allows.` }]
    },
    { alert: 'TooManySessions', name: 'five hundred of ten thousand', series: { [own('active_sessions', HERE)]: '500x20', [own('sessions_limit', HERE)]: '10000x20' }, at: '8m', fires: [] }
  ]
}
