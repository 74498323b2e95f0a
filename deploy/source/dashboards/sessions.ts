import * as units from '@grafana/grafana-foundation-sdk/units'
import type { Names } from '../names.ts'
import type { DashboardSource } from './dashboard.ts'
import { graph } from './panels.ts'
import { chosen, perMinute, perSecond, quantile } from './queries.ts'

/** Sessions and streams last long, so few of them end in the window of a graph's other lines. */
const LONG_WINDOW = '1h'

/** MCP sessions, the event streams and the store behind them, and who the clients are. */
export function sessionsDashboard (names: Names): DashboardSource {
  const { own, series } = chosen(names)
  return {
    title: 'Sessions',
    description: 'MCP sessions, their event streams and their store. Clients of revision 2026-07-28 have no sessions.',
    rows: {
      Sessions: [
        graph({
          title: 'Active Sessions',
          description: 'Sessions in the store, those of clients that are away for now, too.',
          unit: units.Short,
          // Of replicas one counts for all.
          queries: [{ expr: `sum by (job) (${own('active_sessions')})`, legend: '{{job}}' }]
        }),
        graph({
          title: 'Share of the sessions allowed',
          description: 'Active sessions as a share of SESSION_LIMIT. At the limit new clients are refused.',
          unit: units.PercentUnit,
          alert: 'TooManySessions',
          queries: [{ expr: `max by (job) (${own('active_sessions')} / (${own('sessions_limit')} > 0))`, legend: '{{job}}' }]
        }),
        graph({
          title: `Session Duration (95th percentile, ${LONG_WINDOW})`,
          description: 'A twentieth of the sessions that ended lasted longer.',
          unit: units.DurationSeconds,
          queries: [{ expr: quantile(0.95, own('session_duration_seconds_bucket'), ['reason'], LONG_WINDOW), legend: '{{reason}}' }]
        }),
        graph({
          title: 'What happens to sessions',
          description: 'Restored: found in the store after a restart or a rest. Rejected: there were too many.',
          unit: units.EventsPerMinute,
          queries: [{ expr: perMinute(own('sessions_total'), 'event'), legend: '{{event}}' }]
        }),
        graph({
          title: 'Operations by client',
          description: 'Which programs ask. Programs that are not well known are _OTHER.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(own('mcp_requests_total'), 'client'), legend: '{{client}}' }]
        }),
        graph({
          title: 'Operations by protocol revision',
          description: 'Which revisions of MCP the clients speak.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(own('mcp_requests_total'), 'protocol_version'), legend: '{{protocol_version}}' }]
        })
      ],
      'Event streams': [
        graph({
          title: 'Open event streams',
          description: 'Standalone: a session\'s own stream. Request: the answer to a POST.',
          unit: units.Short,
          queries: [{ expr: `sum by (kind) (${own('sse_streams_open')})`, legend: '{{kind}}' }]
        }),
        graph({
          title: `Stream duration (95th percentile, ${LONG_WINDOW})`,
          description: 'A twentieth of the event streams that ended lasted longer.',
          unit: units.DurationSeconds,
          queries: [{ expr: quantile(0.95, own('http_stream_duration_seconds_bucket'), ['kind'], LONG_WINDOW), legend: '{{kind}}' }]
        }),
        graph({
          title: 'Events sent',
          description: 'Events on all event streams.',
          unit: units.EventsPerSecond,
          queries: [{ expr: perSecond(own('sse_events_total'), 'instance'), legend: '{{instance}}' }]
        })
      ],
      'Session store': [
        graph({
          title: 'Store operations',
          description: 'What is asked of the session store.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(own('store_operation_duration_seconds_count'), 'operation'), legend: '{{operation}}' }]
        }),
        graph({
          title: 'Store latency (95th percentile)',
          description: 'A twentieth of the operations takes longer. Each piece of an answer waits for one of them.',
          unit: units.Seconds,
          alert: 'StoreSlow',
          queries: [
            { expr: quantile(0.95, own('store_operation_duration_seconds_bucket'), ['instance']), legend: '{{instance}}, all operations' },
            { expr: quantile(0.95, own('store_operation_duration_seconds_bucket'), ['operation']), legend: '{{operation}}' }
          ]
        }),
        graph({
          title: 'Store operations by outcome',
          description: 'Whether the session store works.',
          unit: units.OpsPerSecond,
          queries: [{ expr: perSecond(own('store_operation_duration_seconds_count'), 'outcome'), legend: '{{outcome}}' }]
        })
      ],
      Replicas: [
        graph({
          title: 'Replicas',
          description: 'How many replicas share the store and are alive, as each of them sees it. Lines that differ for long: they share no store.',
          unit: units.Short,
          queries: [{ expr: own('replicas'), legend: '{{instance}}' }]
        }),
        graph({
          title: 'Calls picked up',
          description: 'Calls whose process stopped or died, and with which another one went on.',
          unit: units.OpsPerMinute,
          queries: [{ expr: perMinute(own('mcp_calls_picked_up_total'), 'instance'), legend: '{{instance}}' }]
        }),
        graph({
          title: 'Calls given away',
          description: 'Calls that a process left to another one because it was to stop. Those of one that died are not among them.',
          unit: units.OpsPerMinute,
          // No series before the first of them.
          queries: [{ expr: `${perMinute(series('mcp_server_operation_duration_seconds_count', 'error_type="moved"'), 'instance')} or 0 * sum by (instance) (${own('replicas')})`, legend: '{{instance}}' }]
        })
      ]
    }
  }
}
