import fp from 'fastify-plugin'
import { HealthChecks, type Check, type CheckOptions, type HealthReport } from '../src/health.ts'
import { version } from '../src/version.ts'

export interface Health {
  /**
   * Adds a background check. It throws when what it looks at can't serve; the message becomes the reason in `/health`.
   * Must be called before the service is ready.
   */
  addCheck (name: string, check: Check, options?: CheckOptions): void
  /** What the last run of every check found. Costs nothing. */
  report (): HealthReport
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

  checks.add('dustApi', (signal) => fastify.dust.checkWorkspace(signal))
  checks.add('database', () => fastify.store.check(), { required: true })

  fastify.decorate('health', {
    addCheck: (name, check, options) => { checks.add(name, check, options) },
    report: () => checks.report(),
    unreadyBecause: () => {
      if (phase !== 'serving') return phase
      const report = checks.report()
      if (report.status === 'error') return 'a required check fails'
      if (readyRequiresDust && report.checks['dustApi']?.status !== 'ok') return 'Dust can\'t be reached'
      return null
    },
    drain: () => { phase = 'draining' }
  } satisfies Health)

  fastify.addHook('onReady', async () => {
    await checks.start()
    if (phase === 'starting') phase = 'serving'
  })
  fastify.addHook('onClose', () => checks.stop())
}, { name: 'health', dependencies: ['config', 'dust', 'store'] })
