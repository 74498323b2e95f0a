import { existsSync } from 'node:fs'

/** Where the server looks for settings, beside its environment. */
const FILE = '.env'

export interface ReadEnvironment {
  variables: Readonly<Record<string, string | undefined>>
  /** Names whose value is that of the file. */
  fromFile: ReadonlySet<string>
}

/** Loads `.env` of the working folder into the environment, as the server does at its start: what is there already stays. */
export function readEnvironment (): ReadEnvironment {
  const before = new Set(Object.keys(process.env))
  if (existsSync(FILE)) process.loadEnvFile(FILE)
  const variables = { ...process.env }
  return { variables, fromFile: new Set(Object.keys(variables).filter((name) => !before.has(name))) }
}
