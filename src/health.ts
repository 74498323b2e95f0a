import { setTimeout as wait } from 'node:timers/promises'

export type CheckStatus = 'ok' | 'error' | 'unknown'
export type HealthStatus = 'ok' | 'degraded' | 'error'

export interface CheckReport {
  /** `unknown` until the first run has ended. */
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

export interface CheckOptions {
  /** Without it this process can't serve: `/health` says `error` and `/ready` 503. Default false: `degraded`. */
  required?: boolean
}

/** Throws when the thing that it looks at can't serve; the error's message becomes the reason. */
export type Check = (signal: AbortSignal) => Promise<void> | void

interface RegisteredCheck {
  check: Check
  required: boolean
  report: CheckReport
}

export interface HealthChecksOptions {
  version: string
  /** Time between two runs of a check. */
  intervalMs: number
  /** How long one run may take. Default 5000. */
  timeoutMs?: number
}

/**
 * Runs checks in the background and remembers their last outcome, so that a probe costs nothing outside the process.
 */
export class HealthChecks {
  readonly #options: Required<HealthChecksOptions>
  readonly #checks = new Map<string, RegisteredCheck>()
  readonly #stopped = new AbortController()
  #background: Promise<void> | undefined

  constructor (options: HealthChecksOptions) {
    this.#options = { timeoutMs: 5000, ...options }
  }

  add (name: string, check: Check, { required = false }: CheckOptions = {}): void {
    if (this.#checks.has(name)) throw new Error(`A health check named "${name}" is registered already`)
    this.#checks.set(name, { check, required, report: { status: 'unknown' } })
  }

  /** Resolves when the required checks have run once; from then on every check runs once per interval. */
  async start (): Promise<void> {
    const runs = [...this.#checks.values()].map((entry) => ({ required: entry.required, done: this.#run(entry) }))
    this.#background = Promise.all(runs.map(({ done }) => done)).then(() => this.#repeat())
    await Promise.all(runs.filter(({ required }) => required).map(({ done }) => done))
  }

  async stop (): Promise<void> {
    this.#stopped.abort()
    await this.#background
  }

  report (): HealthReport {
    const entries = [...this.#checks.entries()]
    const failing = entries.filter(([, { report }]) => report.status !== 'ok')
    return {
      status: failing.some(([, { required }]) => required) ? 'error' : failing.length > 0 ? 'degraded' : 'ok',
      version: this.#options.version,
      timestamp: new Date().toISOString(),
      checks: Object.fromEntries(entries.map(([name, { report }]) => [name, report]))
    }
  }

  async #repeat (): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        await wait(this.#options.intervalMs, undefined, { signal, ref: false })
      } catch {
        return // stopped
      }
      await Promise.all([...this.#checks.values()].map((entry) => this.#run(entry)))
    }
  }

  async #run (entry: RegisteredCheck): Promise<void> {
    const startedAt = performance.now()
    const outcome = await this.#attempt(entry.check)
    if (this.#stopped.signal.aborted) return
    entry.report = { ...outcome, latencyMs: Math.round(performance.now() - startedAt), checkedAt: new Date().toISOString() }
  }

  async #attempt (check: Check): Promise<Pick<CheckReport, 'status' | 'reason'>> {
    const timeout = new AbortController()
    const timer = setTimeout(() => { timeout.abort() }, this.#options.timeoutMs)
    const signal = AbortSignal.any([timeout.signal, this.#stopped.signal])
    try {
      await Promise.race([check(signal), rejectOnAbort(signal)])
      return { status: 'ok' }
    } catch (error) {
      if (timeout.signal.aborted) return { status: 'error', reason: `No answer within ${this.#options.timeoutMs} ms.` }
      return { status: 'error', reason: error instanceof Error ? error.message : String(error) }
    } finally {
      clearTimeout(timer)
    }
  }
}

function rejectOnAbort (signal: AbortSignal): Promise<never> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => { reject(signal.reason) }, { once: true })
  })
}
