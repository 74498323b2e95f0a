import fp from 'fastify-plugin'
import type { FastifyPluginAsync } from 'fastify'
import { createPluginImporter, PluginNotFound, type PluginImporter } from './extensions/plugin-importer.ts'

/** Less than the 10 s that Fastify gives to all of them together. */
const LOAD_TIMEOUT_MS = 5000

/** A plugin of EXTRA_PLUGINS can't be used. The message, one line, names it and says why. */
export class ExtensionError extends Error {
  readonly code = 'EXTRA_PLUGIN_FAILED'

  constructor (specifier: string, reason: string, options?: ErrorOptions) {
    super(`EXTRA_PLUGINS: ${specifier} ${reason.replaceAll(/\s*\n\s*/g, ' ')}`, options)
    this.name = 'ExtensionError'
  }
}

/** Loads the plugins that `EXTRA_PLUGINS` names, in that order. One that can't be loaded stops the start. */
export default fp(async (fastify) => {
  const { extraPlugins } = fastify.config
  if (extraPlugins.length === 0) return
  const importer = createPluginImporter()
  fastify.addHook('onClose', async () => { importer.close() })

  for (const specifier of extraPlugins) {
    const plugin = await loadPlugin(importer, specifier)
    try {
      await fastify.register(plugin)
    } catch (error) {
      throw new ExtensionError(specifier, `could not start: ${reasonOf(error)}`, { cause: error })
    }
    fastify.log.info({ plugin: specifier }, 'extra plugin loaded')
  }
}, { name: 'extensions', dependencies: ['config', 'metrics', 'dust', 'store', 'health', 'mcp'] })

/** @throws {ExtensionError} */
export async function loadPlugin ({ importPlugin }: PluginImporter, specifier: string): Promise<FastifyPluginAsync> {
  let module: unknown
  try {
    module = await withinLoadTimeout(importPlugin(specifier))
  } catch (error) {
    if (error instanceof PluginNotFound) throw new ExtensionError(specifier, `was not found: ${error.message}`, { cause: error })
    throw new ExtensionError(specifier, `could not be loaded: ${reasonOf(error)}`, { cause: error })
  }
  const plugin: unknown = Object(module).default
  if (!isPlugin(plugin)) throw new ExtensionError(specifier, 'is no Fastify plugin: its default export must be a function')
  return plugin
}

/** A module whose top level waits for ever would otherwise stop the start without a word of which one it was. */
async function withinLoadTimeout<Module> (loading: Promise<Module>): Promise<Module> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new Error(`its module was not ready within ${LOAD_TIMEOUT_MS / 1000} s`)) }, LOAD_TIMEOUT_MS)
  })
  try {
    return await Promise.race([loading, late])
  } finally {
    clearTimeout(timer)
  }
}

function isPlugin (value: unknown): value is FastifyPluginAsync {
  return typeof value === 'function'
}

/** Its message; the stack of a faulty module's error begins with the place. */
function reasonOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const [place = ''] = error.stack?.split('\n', 1) ?? []
  return place.startsWith('file:') ? `${error.message} (${place})` : error.message
}
