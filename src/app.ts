import autoload from '@fastify/autoload'
import fp from 'fastify-plugin'
import path from 'node:path'
import auth from '../plugins/auth.ts'
import callerKeys from '../plugins/caller-keys.ts'
import configPlugin, { type ConfigPluginOptions } from '../plugins/config.ts'
import conversations from '../plugins/conversations.ts'
import dust from '../plugins/dust.ts'
import extensions from '../plugins/extensions.ts'
import health from '../plugins/health.ts'
import mcp from '../plugins/mcp.ts'
import metrics, { type MetricsPluginOptions } from '../plugins/metrics.ts'
import operators from '../plugins/operators.ts'
import pressure from '../plugins/pressure.ts'
import rateLimits from '../plugins/rate-limits.ts'
import recentErrors from '../plugins/recent-errors.ts'
import runs from '../plugins/runs.ts'
import security from '../plugins/security.ts'
import shutdown from '../plugins/shutdown.ts'
import slowReaders from '../plugins/slow-readers.ts'
import status, { type StatusPluginOptions } from '../plugins/status.ts'
import store from '../plugins/store.ts'
import tracing from '../plugins/tracing.ts'
import healthRoutes from '../routes/health.ts'
import mcpRoutes from '../routes/mcp.ts'
import metricsRoutes from '../routes/metrics.ts'
import oauthMetadataRoutes from '../routes/oauth-metadata.ts'
import statusPageRoutes from '../routes/status-page.ts'

export type AppOptions = ConfigPluginOptions & MetricsPluginOptions & StatusPluginOptions

/** The whole service as one Fastify plugin. It never listens; `server.ts` does. */
export const app = fp<AppOptions>(async (fastify, { config, logLineCounts = {}, ownsRoot = false }) => {
  await fastify.register(configPlugin, { config })
  await fastify.register(recentErrors)
  await fastify.register(metrics, { logLineCounts })
  await fastify.register(tracing)
  await fastify.register(security)
  await fastify.register(pressure)
  await fastify.register(store)
  await fastify.register(dust)
  await fastify.register(health)
  await fastify.register(auth)
  await fastify.register(callerKeys)
  await fastify.register(rateLimits)
  await fastify.register(operators)
  await fastify.register(slowReaders)
  await fastify.register(mcp)
  await fastify.register(conversations)
  await fastify.register(runs)
  await fastify.register(shutdown)
  await fastify.register(status, { ownsRoot })
  for (const offers of ['tools', 'resources', 'prompts']) {
    await fastify.register(autoload, { dir: path.join(import.meta.dirname, '..', 'plugins', offers), forceESM: true })
  }
  await fastify.register(extensions)

  await fastify.register(healthRoutes)
  await fastify.register(metricsRoutes)
  await fastify.register(statusPageRoutes)
  await fastify.register(oauthMetadataRoutes)
  await fastify.register(mcpRoutes)
}, { name: 'mcp-dust-server', fastify: '5.x' })
