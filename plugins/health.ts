import fp from 'fastify-plugin'
import { HealthChecks, type Check, type CheckOptions, type CheckResult, type HealthReport } from '../src/health.ts'
import { version } from '../src/version.ts'

export interface Health {
  /**
   * Adds a background check. It throws when what it looks at can't serve; the message becomes the reason in `/health`.
   * It must end when its signal aborts. Added to a running service it runs at once; a required one keeps it unready until it passes.
   *
   * @throws {Error} when there is one of that name, or the service is closing
   */
  addCheck (name: string, check: Check, options?: CheckOptions): void
  /** What the last run of every check found. Costs nothing. */
  report (): HealthReport
  /** The same in numbers: durations in milliseconds, times in milliseconds since the epoch. Costs nothing. */
  results (): CheckResult[]
  /** Why no traffic should come here now, or `null` when it may. */
  unreadyBecause (): string | null
  /** From now on the service isn't ready: it is about to stop. */
  drain (): void
}

declare module 'fastify' {
  interface FastifyInstance {
    health: Health
  }
}

/** Knows whether the service and what it depends on can serve. */
export default fp(async (fastify) => {
  const { intervalMs, readyRequiresDust } = fastify.config.health
  const checks = new HealthChecks({ version, intervalMs })
  let phase: 'starting' | 'serving' | 'draining' = 'starting'

  const { own } = fastify.dust
  if (own === null) {
    checks.leaveOff('dustApi', 'Callers bring their own keys (DUST_KEY_PASSTHROUGH), and without DUST_API_KEY the server has none to look with.')
  } else {
    checks.add('dustApi', (signal) => own.checkWorkspace(signal), {
      whenSilent: 'Check DUST_BASE_URL, the network, the firewall and the proxy.'
    })
  }
  checks.add('database', () => fastify.store.check(), { required: true })

  fastify.decorate('health', {
    addCheck: (name, check, options) => { checks.add(name, check, options) },
    report: () => checks.report(),
    results: () => checks.results(),
    unreadyBecause: () => {
      if (phase !== 'serving') return phase
      const report = checks.report()
      if (report.status === 'error') return 'a required check fails: see /health'
      if (readyRequiresDust && report.checks['dustApi']?.status !== 'ok') return 'Dust can\'t be reached: see /health'
      return fastify.isUnderPressure() ? 'overloaded' : null
    },
    drain: () => { phase = 'draining' }
  } satisfies Health)

  const instruments = fastify.instruments.health
  fastify.instruments.onScrape(() => {
    for (const { name, isOk, durationMs, lastSuccessAt } of checks.results()) {
      instruments.status.set({ check: name }, isOk ? 1 : 0)
      instruments.duration.set({ check: name }, (durationMs ?? 0) / 1000)
      instruments.lastSuccess.set({ check: name }, (lastSuccessAt ?? 0) / 1000)
    }
  })

  fastify.addHook('onReady', async () => {
    await checks.start()
    if (phase === 'starting') phase = 'serving'
  })
  fastify.addHook('onClose', () => checks.stop())
}, { name: 'health', dependencies: ['config', 'metrics', 'pressure', 'dust', 'store'] })
