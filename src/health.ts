export type CheckStatus = 'ok' | 'error' | 'unknown' | 'off'
export type HealthStatus = 'ok' | 'degraded' | 'error'

export interface CheckReport {
  /** `unknown` until the first run has ended; `off` for what isn't looked at. */
  status: CheckStatus
  /** Why it isn't `ok`, for the person who can mend it. */
  reason?: string
  /** How long the last run took. */
  latencyMs?: number
  /** When the last run ended, ISO 8601. */
  checkedAt?: string
}

export interface HealthReport {
  status: HealthStatus
  version: string
  timestamp: string
  checks: Record<string, CheckReport>
}

/** What is known of a check, in numbers. */
export interface CheckResult {
  name: string
  /** Whether the last run passed, and not too long ago. */
  isOk: boolean
  /** How long the last run took, in milliseconds; `null` until the first has ended. */
  durationMs: number | null
  /** When a run last passed, in milliseconds since the epoch; `null` when none ever has. */
  lastSuccessAt: number | null
}

export interface CheckOptions {
  /** Without it this process can't serve: `/health` says `error` and `/ready` 503. Default false: `degraded`. */
  required?: boolean
  /** What a person can do when the check gets no answer at all, to be told beside that. */
  whenSilent?: string
}

/**
 * Throws when the thing that it looks at can't serve; the error's message becomes the reason.
 * It must end when its signal aborts: it isn't run again before.
 */
export type Check = (signal: AbortSignal) => Promise<void> | void

export interface HealthChecksOptions {
  version: string
  /** Longest time between two runs of a check; up to a tenth shorter by chance, so that many processes don't ask in step. */
  intervalMs: number
  /** How long one run may take. Default 5000. */
  timeoutMs?: number
  /** A clock that never jumps, in milliseconds. Default `performance.now`. */
  now?: () => number
}

interface Outcome {
  /** `null` when the run passed. */
  reason: string | null
  durationMs: number
  /** By the clock on the wall, and by the one that never jumps. */
  endedAt: number
  endedAtMonotonic: number
}

interface RegisteredCheck {
  readonly check: Check
  readonly required: boolean
  readonly whenSilent: string
  outcome?: Outcome
  lastSuccessAt: number | null
  run?: { abort: AbortController, isKnown: Promise<void> }
  timer?: NodeJS.Timeout
}

const JITTER = 0.1
const STALE_AFTER_INTERVALS = 3

/**
 * Runs checks in the background and remembers their last outcome, so that a probe costs nothing outside the process.
 */
export class HealthChecks {
  readonly #options: Required<HealthChecksOptions>
  readonly #checks = new Map<string, RegisteredCheck>()
  /** Why something isn't looked at, by name. */
  readonly #off = new Map<string, string>()
  #phase: 'waiting' | 'running' | 'stopped' = 'waiting'

  constructor (options: HealthChecksOptions) {
    this.#options = { timeoutMs: 5000, now: () => performance.now(), ...options }
  }

  /**
   * Adds a check. After `start` it runs at once; a required one is missed until it has passed.
   *
   * @throws {Error} when there is one of that name, or after `stop`
   */
  add (name: string, check: Check, { required = false, whenSilent = '' }: CheckOptions = {}): void {
    if (this.#checks.has(name)) throw new Error(`A health check named "${name}" is registered already`)
    if (this.#phase === 'stopped') throw new Error(`The health check "${name}" comes too late: the service is closing`)
    const entry: RegisteredCheck = { check, required, whenSilent, lastSuccessAt: null }
    this.#checks.set(name, entry)
    if (this.#phase === 'running') this.#run(entry)
  }

  /** Tells why something isn't looked at. It counts as neither well nor failing. */
  leaveOff (name: string, reason: string): void {
    this.#off.set(name, reason)
  }

  /** Resolves when the required checks have run once; from then on every check runs once per interval. */
  async start (): Promise<void> {
    this.#phase = 'running'
    const entries = [...this.#checks.values()]
    for (const entry of entries) this.#run(entry)
    await Promise.all(entries.filter(({ required }) => required).map(({ run }) => run?.isKnown))
  }

  /** Aborts what is running and runs no check any more. */
  async stop (): Promise<void> {
    this.#phase = 'stopped'
    const entries = [...this.#checks.values()]
    for (const { timer, run } of entries) {
      clearTimeout(timer)
      run?.abort.abort(new Error('The service is closing.'))
    }
    await Promise.all(entries.map(({ run }) => run?.isKnown))
  }

  /** What the last runs found, for people. Runs nothing. */
  report (): HealthReport {
    const reports = [...this.#checks].map(([name, entry]) => ({ name, required: entry.required, report: this.#reportOf(entry) }))
    const failing = reports.filter(({ report }) => report.status !== 'ok')
    return {
      status: failing.some(({ required }) => required) ? 'error' : failing.length > 0 ? 'degraded' : 'ok',
      version: this.#options.version,
      timestamp: new Date().toISOString(),
      checks: Object.fromEntries([
        ...reports.map(({ name, report }): [string, CheckReport] => [name, report]),
        ...[...this.#off].map(([name, reason]): [string, CheckReport] => [name, { status: 'off', reason }])
      ])
    }
  }

  /** What the last runs found, for metrics. Runs nothing. */
  results (): CheckResult[] {
    return [...this.#checks].map(([name, { outcome, lastSuccessAt }]) => ({
      name,
      isOk: outcome !== undefined && this.#faultOf(outcome) === null,
      durationMs: outcome?.durationMs ?? null,
      lastSuccessAt
    }))
  }

  #reportOf ({ outcome }: RegisteredCheck): CheckReport {
    if (outcome === undefined) return { status: 'unknown', reason: 'It is being checked for the first time.' }
    const reason = this.#faultOf(outcome)
    const last = { latencyMs: Math.round(outcome.durationMs), checkedAt: new Date(outcome.endedAt).toISOString() }
    return reason === null ? { status: 'ok', ...last } : { status: 'error', reason, ...last }
  }

  /** A pass counts for a while only: a process that was stopped or starved knows nothing about now. */
  #faultOf ({ reason, endedAtMonotonic }: Outcome): string | null {
    const { intervalMs, timeoutMs, now } = this.#options
    if (reason !== null) return reason
    const ageMs = now() - endedAtMonotonic
    if (ageMs <= STALE_AFTER_INTERVALS * intervalMs + timeoutMs) return null
    return `The last check passed ${Math.round(ageMs / 1000)} s ago; none has ended since.`
  }

  #run (entry: RegisteredCheck): void {
    const abort = new AbortController()
    const work = Promise.resolve(abort.signal).then(entry.check)
    entry.run = { abort, isKnown: this.#observe(entry, work, abort) }
    const next = () => { this.#schedule(entry) }
    work.then(next, next)
  }

  #schedule (entry: RegisteredCheck): void {
    if (this.#phase !== 'running') return
    const delayMs = this.#options.intervalMs * (1 - JITTER * Math.random())
    entry.timer = setTimeout(() => { this.#run(entry) }, delayMs).unref()
  }

  async #observe (entry: RegisteredCheck, work: Promise<void>, abort: AbortController): Promise<void> {
    const { timeoutMs, now } = this.#options
    const timer = setTimeout(() => { abort.abort(new Error(`No answer within ${timeoutMs} ms. ${entry.whenSilent}`.trimEnd())) }, timeoutMs)
    const startedAt = now()
    const reason = await Promise.race([work, rejectOnAbort(abort.signal)])
      .then(() => null, (error: unknown) => wordsOf(abort.signal.aborted ? abort.signal.reason : error))
    clearTimeout(timer)
    if (this.#phase === 'stopped') return
    const endedAt = Date.now()
    entry.outcome = { reason, durationMs: now() - startedAt, endedAt, endedAtMonotonic: now() }
    if (reason === null) entry.lastSuccessAt = endedAt
  }
}

function wordsOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function rejectOnAbort (signal: AbortSignal): Promise<never> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason) }, { once: true })
  })
}
