import fp from 'fastify-plugin'
import type { FastifyPluginAsync } from 'fastify'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

/** A plugin of EXTRA_PLUGINS can't be used. The message names it and says why. */
export class ExtensionError extends Error {
  readonly code = 'EXTRA_PLUGIN_FAILED'

  constructor (specifier: string, reason: string, options?: ErrorOptions) {
    super(`EXTRA_PLUGINS: ${specifier} ${reason}`, options)
    this.name = 'ExtensionError'
  }
}

/** Loads the plugins that `EXTRA_PLUGINS` names, in that order. One that can't be loaded stops the start. */
export default fp(async (fastify) => {
  for (const specifier of fastify.config.extraPlugins) {
    const plugin = await load(specifier)
    try {
      await fastify.register(plugin)
    } catch (error) {
      throw new ExtensionError(specifier, `could not start: ${reasonOf(error)}`, { cause: error })
    }
    fastify.log.info({ plugin: specifier }, 'extra plugin loaded')
  }
}, { name: 'extensions', dependencies: ['config', 'metrics', 'dust', 'store', 'health', 'mcp'] })

async function load (specifier: string): Promise<FastifyPluginAsync> {
  const isPath = specifier.startsWith('.') || path.isAbsolute(specifier)
  let module: { default?: unknown }
  try {
    module = await import(isPath ? pathToFileURL(path.resolve(specifier)).href : specifier) as { default?: unknown }
  } catch (error) {
    throw new ExtensionError(specifier, `could not be loaded: ${reasonOf(error)}`, { cause: error })
  }
  if (!isPlugin(module.default)) throw new ExtensionError(specifier, 'is no Fastify plugin: its default export must be a function')
  return module.default
}

function isPlugin (value: unknown): value is FastifyPluginAsync {
  return typeof value === 'function'
}

function reasonOf (error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
