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
  /** Whether docs/performance.md has a part about it. */
  isShown?: boolean
  /** Flags of its own, and what they do. */
  flags: Readonly<Record<string, string>>
  load: () => Promise<{ run: (order: Order) => Promise<Report> }>
}

export const BENCHES: readonly Bench[] = [
  {
    name: 'calls',
    isShown: true,
    line: 'requests a second, latency and CPU per request, beside other servers of MCP',
    flags: {
      case: 'only this one, such as tools/call@50 or tools/list500@10',
      contestant: 'only those with these words in their names; the first of a case always takes part'
    },
    load: () => import('./calls/bench.ts')
  },
  {
    name: 'sessions',
    isShown: true,
    line: 'memory of sessions that nobody uses, and what opening, restoring and forgetting them costs',
    flags: {
      store: 'sqlite, redis or memory; sqlite unless told',
      sessions: 'how many instead of 1,000, 10,000 and 100,000'
    },
    load: () => import('./sessions/bench.ts')
  },
  {
    name: 'watch',
    isShown: true,
    line: 'what metrics and logs cost a request, and what reading the metrics costs',
    flags: { store: 'whose sessions are counted: sqlite or redis; sqlite unless told' },
    load: () => import('./watch/bench.ts')
  },
  {
    name: 'start',
    isShown: true,
    line: 'the time from exec to ready, memory at rest, and what the image has',
    flags: {},
    load: () => import('./start/bench.ts')
  },
  {
    name: 'streams',
    isShown: true,
    line: 'the time added between an event in Dust and its client, with many agents at once',
    flags: {
      runs: 'how many at once, instead of 10, 100 and 1,000',
      every: 'milliseconds from an event of an agent to its next, 200 unless told',
      store: 'sqlite, redis or memory; sqlite unless told'
    },
    load: () => import('./streams/bench.ts')
  },
  {
    name: 'store',
    isShown: true,
    line: 'what the operations of the stores cost, by the event and by the session',
    flags: { store: 'only this one, sqlite or redis' },
    load: () => import('./store/bench.ts')
  },
  {
    name: 'watchers',
    line: 'what it costs that many watch the status page',
    flags: {},
    load: () => import('./watchers/bench.ts')
  },
  {
    name: 'soak',
    line: 'whether anything grows while sessions, calls and streams come and go',
    flags: { minutes: 'for how long, 6 unless told', seed: 'of what visitors do', store: 'sqlite or redis; sqlite unless told' },
    load: () => import('./soak/bench.ts')
  },
  {
    name: 'keys',
    line: 'the memory that callers with Dust keys of their own take',
    flags: { keys: 'how many, 10,000 unless told', agents: 'how many each can ask, 100 unless told' },
    load: () => import('./keys/bench.ts')
  },
  {
    name: 'strangers',
    line: 'whether the time of an answer tells another caller\'s things from what nobody has',
    flags: { seed: 'of the order' },
    load: () => import('./strangers/bench.ts')
  }
]
