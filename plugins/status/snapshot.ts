// The page in the browser is checked against these types, so this file imports nothing.

/** What a watcher is told first. */
export interface Greeting {
  version: string
  /** When the process began, in milliseconds since the epoch. */
  startedAt: number
  /** How the last minutes were, the oldest first. */
  history: Point[]
  connect: ConnectFacts
}

/** What somebody who wants to connect a client must know beside the address of the page. */
export interface ConnectFacts {
  authMode: 'none' | 'token' | 'oauth'
  /** Where clients reach `/mcp`, if that is set; else it's beside the page. */
  url: string | null
  /** Whether callers have to bring a Dust key of their own. */
  needsDustKey: boolean
}

/**
 * A moment of the charts: when, in seconds since the epoch; operations, and failed ones, a second; p50 and p95 of tool calls in seconds,
 * `null` when there were none; agent runs in progress; requests to Dust, and failed ones, a second.
 */
export type Point = [at: number, operations: number, failed: number, p50: number | null, p95: number | null, runs: number, dust: number, dustFailed: number]

/** How everything is, told each second. Times are milliseconds since the epoch by the server's clock, latencies seconds. Totals are since the start of the process. */
export interface Snapshot {
  at: number
  point: Point
  health: {
    status: string
    /** Why no traffic should come; `null` when it may. */
    unreadyBecause: string | null
    checks: Array<{ name: string, status: string, reason?: string, latencyMs?: number, checkedAt?: string }>
  }
  sessions: { active: number, limit: number, replicas: number }
  /** Of clients, not those of this page. */
  streams: { standalone: number, request: number }
  watchers: number
  runs: {
    inProgress: number
    limit: number
    /** The oldest, those included that wait for a person. */
    list: Array<{ agent: string | null, since: number, activity: string, tool: string | null, toolCalls: number }>
    /** All that could be listed. */
    listed: number
  }
  operations: {
    total: number
    failed: number
    inFlight: number
    table: Array<{ method: string, tool: string | null, count: number, failed: number, p50: number | null, p95: number | null }>
  }
  dust: {
    requests: number
    failed: number
    retries: number
    p50: number | null
    p95: number | null
    /** Failed requests by type. */
    failures: Array<{ type: string, count: number }>
    /** How many agents can be asked, and when that was looked up; `null` when it never was. */
    agents: { available: number, refreshedAt: number } | null
  }
  process: { memoryBytes: number, memoryLimitBytes: number, cpuPercent: number, eventLoopDelayMs: number }
  errors: Array<{ source: string, name: string, code: string, count: number, at: number }>
}
