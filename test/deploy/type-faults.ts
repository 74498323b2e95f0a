import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { DEPLOY, run } from './run-program.ts'
import type { Manifest } from './kustomize.ts'

const TSC = path.join(DEPLOY, '..', 'node_modules', 'typescript', 'bin', 'tsc')

/**
 * What the TypeScript compiler has against each set of manifests, by its name.
 * The types of kubernetes-models are stricter than its own validation: an object literal may have no property that its type doesn't know.
 *
 * @param folder for files, inside the repository, whose packages they import
 */
export function typeFaults (folder: string, sets: Record<string, Manifest[]>): Record<string, string[]> {
  const names = Object.keys(sets)
  mkdirSync(folder, { recursive: true })
  for (const name of names) writeFileSync(path.join(folder, `${name}.ts`), (sets[name] ?? []).map(toStatement).join('\n'))
  const { status, said } = run(process.execPath, TSC, '--ignoreConfig', '--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--pretty', 'false',
    ...names.map((name) => path.join(folder, `${name}.ts`)))
  const lines = said.split('\n')
  const faults = names.map((name): [string, string[]] => [name, lines.filter((line) => line.includes(`${name}.ts(`))])
  // It also ends so when it didn't look at the files at all.
  if (status !== 0 && faults.every(([, found]) => found.length === 0)) throw new Error(`tsc ended with ${status}: ${said}`)
  return Object.fromEntries(faults)
}

function toStatement (manifest: Manifest, index: number): string {
  const { apiVersion, kind } = manifest
  const models = apiVersion.startsWith('monitoring.coreos.com/') ? '@kubernetes-models/prometheus-operator' : 'kubernetes-models'
  return `import type { I${kind} as Kind${index} } from '${models}/${apiVersion}'\nexport const manifest${index}: Kind${index} = ${JSON.stringify(manifest, null, 2)}\n`
}
