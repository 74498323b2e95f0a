import { loadEnvFileOrExit } from '../config/env-file.ts'

export interface ReadEnvironment {
  variables: Readonly<Record<string, string | undefined>>
  /** Names whose value is that of the file. */
  fromFile: ReadonlySet<string>
}

/** Loads `.env` of the working folder into the environment, as the server does at its start: what is there already stays. */
export function readEnvironment (): ReadEnvironment {
  const before = new Set(Object.keys(process.env))
  loadEnvFileOrExit()
  const variables = { ...process.env }
  return { variables, fromFile: new Set(Object.keys(variables).filter((name) => !before.has(name))) }
}
