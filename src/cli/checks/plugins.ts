import { createPluginImporter } from '../../../plugins/extensions/plugin-importer.ts'
import { loadPlugin } from '../../../plugins/extensions.ts'
import { off, ok, wordsOf, wrong, type Finding } from '../finding.ts'

/** Imports the plugins as the server would; they aren't started. */
export async function checkPlugins (specifiers: readonly string[]): Promise<Finding[]> {
  if (specifiers.length === 0) return [off('EXTRA_PLUGINS is not set')]
  const importer = createPluginImporter()
  const findings: Finding[] = []
  for (const specifier of specifiers) findings.push(await checkPlugin(() => loadPlugin(importer, specifier), specifier))
  importer.close()
  return findings
}

async function checkPlugin (load: () => Promise<unknown>, specifier: string): Promise<Finding> {
  try {
    await load()
    return ok(`${specifier} can be loaded`)
  } catch (error) {
    return wrong(wordsOf(error))
  }
}
