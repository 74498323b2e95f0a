import fp from 'fastify-plugin'
import type { Config } from '../src/config.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The service's settings, units converted. Holds the Dust key: never log it. */
    config: Config
  }
}

export interface ConfigPluginOptions {
  config: Config
}

/** Makes the settings known to all plugins. */
export default fp<ConfigPluginOptions>(async (fastify, { config }) => {
  fastify.decorate('config', config)
}, { name: 'config' })
