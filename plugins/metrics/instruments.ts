import { Counter, Gauge, Histogram, type Registry } from '@prometheus-io/client'
import * as buckets from './buckets.ts'

export type Instruments = ReturnType<typeof createInstruments>

/**
 * Makes every instrument of the product, beside those of the process and of the HTTP duration, which fastify-metrics makes.
 * Labels come from closed sets: never an id, an address or words of a client.
 *
 * @param prefix what the product's own names begin with; OpenTelemetry's names have none
 */
export function createInstruments (registry: Registry, prefix: string) {
  const registers = [registry]
  const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Counter<L>({ name: `${prefix}_${name}`, help, labelNames, registers })
  const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
    new Gauge<L>({ name: `${prefix}_${name}`, help, labelNames, registers })
  const histogram = <L extends string = never>(name: string, help: string, bounds: number[], ...labelNames: L[]) =>
    new Histogram<L>({ name: `${prefix}_${name}`, help, buckets: bounds, labelNames, registers })

  return {
    http: {
      requests: counter('http_requests_total', 'Total number of HTTP requests. Status 499: the client left before the answer began.', 'method', 'path', 'status'),
      requestSize: histogram('http_request_size_bytes', 'HTTP request size: the body.', buckets.SIZE, 'method', 'path'),
      responseSize: histogram('http_response_size_bytes', 'HTTP response size: the body.', buckets.SIZE, 'method', 'path'),
      inFlight: gauge('http_requests_in_flight', 'HTTP requests whose answer has not ended, event streams included.', 'path'),
      streamsOpen: gauge('sse_streams_open', 'Open event streams, by what they belong to.', 'kind'),
      streamDuration: histogram('http_stream_duration_seconds', 'Time from the head of an event stream to its end.', buckets.STREAM, 'kind'),
      streamEvents: counter('sse_events_total', 'Events sent on event streams.'),
      readersCut: counter('readers_cut_total', 'Connections that were cut because their client did not read.', 'reason')
    },
    sessions: {
      active: gauge('active_sessions', 'Number of active MCP sessions. Clients of revision 2026-07-28 have none.'),
      limit: gauge('sessions_limit', 'Number of MCP sessions that may be active (SESSION_LIMIT).'),
      events: counter('sessions_total', 'What happened to MCP sessions.', 'event'),
      duration: histogram('session_duration_seconds', 'MCP session duration, by why it ended.', buckets.SESSION, 'reason')
    },
    mcp: {
      operationDuration: new Histogram({
        name: 'mcp_server_operation_duration_seconds',
        help: 'Duration of an MCP operation, by OpenTelemetry\'s conventions. error_type is absent when it went well.',
        buckets: buckets.OPERATION,
        labelNames: ['mcp_method_name', 'gen_ai_tool_name', 'error_type'] as const,
        registers
      }),
      operationsInFlight: gauge('mcp_operations_in_flight', 'MCP operations that are being worked on.', 'mcp_method_name'),
      pickedUp: counter('mcp_calls_picked_up_total', 'Calls that another process had begun and this one went on with.'),
      requests: counter('mcp_requests_total', 'MCP operations by the protocol revision and the program of the client.', 'protocol_version', 'client')
    },
    runs: {
      duration: histogram('agent_run_duration_seconds', 'Duration of an agent run, by how it ended for the one who asked.', buckets.RUN, 'outcome'),
      firstToken: histogram('agent_time_to_first_token_seconds', 'Time from the question to the first piece of the agent\'s answer.', buckets.FIRST_TOKEN),
      inProgress: gauge('agent_runs_in_progress', 'Agent runs that somebody waits for, and that don\'t wait for a person themselves.'),
      limit: gauge('agent_runs_limit', 'Number of agent runs that may be in progress (DUST_MAX_RUNS).'),
      rejected: counter('agent_runs_rejected_total', 'Agent runs that were not started.', 'reason'),
      events: counter('agent_events_total', 'Events of agent runs; run_completed is ours, when the final message is known.', 'type')
    },
    dust: {
      requests: counter('dust_api_requests_total', 'Total number of Dust API requests. Status 0: no answer came.', 'endpoint', 'method', 'status'),
      duration: histogram('dust_api_request_duration_seconds', 'Dust API request duration; for event streams until their head.', buckets.LATENCY, 'endpoint', 'method'),
      errors: counter('dust_api_errors_total', 'Total number of Dust API errors.', 'endpoint', 'type'),
      retries: counter('dust_api_retries_total', 'Dust API requests that were tried again, by why.', 'endpoint', 'reason'),
      agentsAvailable: gauge('agents_available', 'Agents in the last list that was fetched.'),
      agentsRefreshedAt: gauge('agents_refresh_timestamp_seconds', 'When the list of agents was fetched last, in seconds since the epoch.'),
      agentsRefreshes: counter('agents_refresh_total', 'How often the list of agents was fetched.', 'outcome')
    },
    store: {
      replicas: gauge('replicas', 'Replicas that share the store and are alive, this one included.'),
      duration: histogram('store_operation_duration_seconds', 'Duration of an operation of the store.', buckets.STORE, 'operation', 'outcome')
    },
    health: {
      status: gauge('health_check_status', '1 when the last run of a health check passed, else 0.', 'check'),
      duration: gauge('health_check_duration_seconds', 'Duration of the last run of a health check.', 'check'),
      lastSuccess: gauge('health_check_last_success_timestamp_seconds', 'When a health check passed last, in seconds since the epoch; 0 for never.', 'check')
    },
    access: {
      authFailures: counter('auth_failures_total', 'Requests that were refused for lack of a valid credential.', 'reason'),
      refused: counter('requests_refused_total', 'Requests that were refused for where they came from, how many there were, or how they were sent.', 'reason'),
      uncounted: counter('rate_limit_errors_total', 'Requests that were not counted because Redis could not be used; none of them was refused for it.')
    },
    process: {
      memoryUsage: gauge('memory_usage_bytes', 'Memory usage: the resident set of the process.'),
      memoryLimit: gauge('memory_limit_bytes', 'Memory that the process may use: its container\'s limit, else all of the machine.'),
      cpuUsage: gauge('cpu_usage_percent', 'CPU usage over the last second; 100 is one core.'),
      logMessages: counter('log_messages_total', 'Log lines by level.', 'level'),
      buildInfo: gauge('build_info', 'Always 1.', 'version', 'node_version'),
      configInfo: gauge('config_info', 'Always 1.', 'session_store', 'auth_mode')
    }
  }
}
