import { existsSync } from 'node:fs'
import { registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const PACKAGE = 'mcp-dust-server'

/** Our entry: as source or, beside a built file, as built. */
const ENTRY = new URL(`../../src/index${path.extname(import.meta.filename)}`, import.meta.url).href

/** There is no such file or package. */
export class PluginNotFound extends Error {}

export interface PluginImporter {
  /**
   * Imports a module by its path, or by the name of a package that is installed in the working folder or beside this one.
   *
   * @throws {PluginNotFound}
   */
  importPlugin (specifier: string): Promise<unknown>
  close (): void
}

/**
 * As long as it's open, whatever modules import from `mcp-dust-server` comes from the copy that runs. Another copy, installed
 * for an editor's sake or not built yet, would have a `ToolError` of its own, which nobody here knows.
 */
export function createPluginImporter (): PluginImporter {
  const wanted = new Set<string>()
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier === PACKAGE) return { url: ENTRY, shortCircuit: true }
      if (!wanted.has(specifier) || context.parentURL !== import.meta.url) return next(specifier, context)
      return resolvePackage((parentURL) => next(specifier, { ...context, parentURL }))
    }
  })

  return {
    importPlugin: async (specifier) => {
      if (specifier.startsWith('.') || path.isAbsolute(specifier)) {
        const file = path.resolve(specifier)
        if (!existsSync(file)) throw new PluginNotFound(`there is no file ${file}`)
        return import(pathToFileURL(file).href)
      }
      wanted.add(specifier)
      return import(specifier)
    },
    close: () => { hooks.deregister() }
  }
}

function resolvePackage<Resolved> (resolveFrom: (parentURL: string) => Resolved): Resolved {
  try {
    return resolveFrom(pathToFileURL(path.join(process.cwd(), 'any')).href)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
  try {
    return resolveFrom(import.meta.url)
  } catch (error) {
    if (!isNotFound(error)) throw error
    throw new PluginNotFound(`no package of that name is installed in ${process.cwd()}; a path begins with ./ or /`, { cause: error })
  }
}

function isNotFound (error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND'
}
