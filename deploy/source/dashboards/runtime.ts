import * as units from '@grafana/grafana-foundation-sdk/units'
import { LIMITS, type Names } from '../names.ts'
import { recorded } from '../recording-rules.ts'
import type { DashboardSource } from './dashboard.ts'
import { graph, table } from './panels.ts'
import { chosen, CHOSEN_INSTANCE, CHOSEN_JOB, perSecond } from './queries.ts'

/** What a single process runs out of. */
export function runtimeDashboard (names: Names): DashboardSource {
  const { own, series } = chosen(names)
  const { HighCPUUsage, McpDustServerRestarting, ErrorLogs } = LIMITS
  return {
    title: 'Runtime',
    description: 'What a single process runs out of: memory, CPU, the event loop, file descriptors.',
    rows: {
      Memory: [
        graph({
          title: 'Share of the memory allowed',
          description: 'Memory as a share of the container\'s limit, else of all of the machine.',
          unit: units.PercentUnit,
          alert: 'HighMemoryUsage',
          queries: [{ expr: `${recorded.memory(names)}{${CHOSEN_JOB},${CHOSEN_INSTANCE}}`, legend: '{{instance}}' }]
        }),
        graph({
          title: 'Memory',
          description: 'All of the process, and the parts of it that JavaScript uses.',
          unit: units.BytesIEC,
          queries: [
            { expr: own('memory_usage_bytes'), legend: '{{instance}} process' },
            { expr: series('nodejs_heap_size_used_bytes'), legend: '{{instance}} heap' },
            { expr: series('nodejs_external_memory_bytes'), legend: '{{instance}} buffers' }
          ]
        }),
        graph({
          title: 'Time in garbage collection',
          description: 'Share of the time in which the process collects garbage and does nothing else.',
          unit: units.PercentUnit,
          queries: [{ expr: perSecond(series('nodejs_gc_duration_seconds_sum'), 'instance', 'kind'), legend: '{{instance}} {{kind}}' }]
        })
      ],
      'CPU and event loop': [
        graph({
          title: 'CPU',
          description: `Share of one core in the last ${HighCPUUsage.window}. JavaScript runs on one.`,
          unit: units.Percent,
          alert: 'HighCPUUsage',
          queries: [{ expr: `avg_over_time(${own('cpu_usage_percent')}[${HighCPUUsage.window}])`, legend: '{{instance}}' }]
        }),
        graph({
          title: 'CPU by mode',
          description: 'Cores in use: by the program itself, and by the system for it.',
          unit: units.Short,
          queries: [
            { expr: perSecond(series('process_cpu_user_seconds_total'), 'instance'), legend: '{{instance}} user' },
            { expr: perSecond(series('process_cpu_system_seconds_total'), 'instance'), legend: '{{instance}} system' }
          ]
        }),
        graph({
          title: 'Event loop lag (99th percentile)',
          description: 'How late the event loop is, and with it all that the process does.',
          unit: units.Seconds,
          alert: 'EventLoopLagHigh',
          queries: [{ expr: series('nodejs_eventloop_lag_p99_seconds'), legend: '{{instance}}' }]
        })
      ],
      Process: [
        graph({
          title: 'Share of the file descriptors allowed',
          description: 'Without a free one no connection is accepted.',
          unit: units.PercentUnit,
          alert: 'FileDescriptorsLow',
          queries: [{ expr: `${series('process_open_fds')} / (${series('process_max_fds')} > 0)`, legend: '{{instance}}' }]
        }),
        graph({
          title: 'Open resources',
          description: 'What keeps the event loop busy: sockets, timers and their like.',
          unit: units.Short,
          queries: [{ expr: `sum by (type) (${series('nodejs_active_resources')})`, legend: '{{type}}' }]
        }),
        graph({
          title: `Starts (${McpDustServerRestarting.window})`,
          description: 'How often an instance was started.',
          unit: units.Short,
          alert: 'McpDustServerRestarting',
          queries: [{ expr: `changes(${series('process_start_time_seconds')}[${McpDustServerRestarting.window}])`, legend: '{{instance}}' }]
        })
      ],
      'Logs and versions': [
        graph({
          title: 'Log lines',
          description: 'Lines by level.',
          unit: units.EventsPerSecond,
          queries: [{ expr: perSecond(own('log_messages_total'), 'level'), legend: '{{level}}' }]
        }),
        graph({
          title: `Errors logged (${ErrorLogs.window})`,
          description: 'Lines with the level error or fatal.',
          unit: units.Short,
          alert: 'ErrorLogs',
          queries: [{ expr: `sum by (job) (increase(${own('log_messages_total', 'level=~"error|fatal"')}[${ErrorLogs.window}]))`, legend: '{{job}}' }]
        }),
        table({
          title: 'Instances',
          description: 'What runs where.',
          expr: `max by (instance, version, node_version, session_store, auth_mode) (${own('build_info')} * on (job, instance) group_left (session_store, auth_mode) ${own('config_info')})`,
          columns: { Instance: 'instance', Version: 'version', 'Node.js': 'node_version', Store: 'session_store', Access: 'auth_mode' }
        })
      ]
    }
  }
}
