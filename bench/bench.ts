import type { Report } from './report.ts'

/** What the command line asks for. */
export interface Order {
  rounds?: number
  seconds?: number
  /** As little as shows that it works. What comes out is not to be believed. */
  isQuick: boolean
  /** Of the bench's own flags, each as often as it was given. */
  flags: Readonly<Record<string, readonly string[]>>
}

export interface Bench {
  name: string
  /** What it measures, in a line. */
  line: string
  /** Flags of its own, and what they do. */
  flags: Readonly<Record<string, string>>
  load: () => Promise<{ run: (order: Order) => Promise<Report> }>
}

export const BENCHES: readonly Bench[] = [
  {
    name: 'calls',
    line: 'requests a second, latency and CPU per request, beside other servers of MCP',
    flags: {
      case: 'only this one, such as tools/call@50 or tools/list500@50',
      contestant: 'only those with these words in their names; the first of a case always takes part'
    },
    load: () => import('./calls/bench.ts')
  }
]
