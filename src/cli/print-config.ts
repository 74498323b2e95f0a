import { ConfigError, loadConfig, SECRETS_FROM_FILES } from '../config.ts'
import { environmentSchema } from '../config/environment.ts'
import { formats } from '../config/formats.ts'
import { HIDDEN, hideCredentials } from '../config/hidden-credentials.ts'
import type { ReadEnvironment } from './environment.ts'

interface Setting {
  name: string
  value: string
  /** Where the value comes from. */
  origin: string
}

/** Prints every setting, a line each; when one is wrong also what must be mended. Gives the exit code. */
export function printConfig (environment: ReadEnvironment): number {
  const settings = settingsOf(environment)
  const nameWidth = Math.max(...settings.map(({ name }) => name.length))
  const valueWidth = Math.max(...settings.map(({ value }) => value.length).filter((width) => width <= 40))
  const lines = settings.map(({ name, value, origin }) => `${name.padEnd(nameWidth)}  ${value.padEnd(valueWidth)}  ${origin}\n`)
  // At once: whoever reads may not read to the end.
  process.stdout.write(lines.join(''))
  const faults = faultsOf(environment)
  for (const fault of faults) process.stderr.write(`${fault}\n`)
  return faults.length > 0 ? 1 : 0
}

function settingsOf ({ variables, fromFile }: ReadEnvironment): Setting[] {
  const given = (name: string): string | undefined => variables[name]?.trim() || undefined
  return Object.entries(environmentSchema.properties).map(([name, schema]) => {
    const value = given(name)
    if (value !== undefined) return { name, value: shown(name, value, schema), origin: fromFile.has(name) ? '.env' : 'environment' }
    const file = SECRETS_FROM_FILES.includes(name) ? given(`${name}_FILE`) : undefined
    if (file !== undefined) return { name, value: HIDDEN, origin: `${name}_FILE` }
    const fallback: unknown = schema.default
    return fallback === undefined ? { name, value: '-', origin: 'not set' } : { name, value: String(fallback), origin: 'default' }
  })
}

function shown (name: string, value: string, schema: object): string {
  if (!('secret' in schema) || schema.secret !== true) return hideCredentials(value).replaceAll(/\s+/g, ' ')
  // Of an address that can be understood only the user and password are secret.
  if (name === 'STORE_URL' && formats.store.check(value)) return value.replace(/^(rediss?:\/\/)[^@]*@/, `$1${HIDDEN}@`)
  return HIDDEN
}

function faultsOf ({ variables }: ReadEnvironment): readonly string[] {
  try {
    loadConfig(variables)
    return []
  } catch (error) {
    if (error instanceof ConfigError) return error.faults
    throw error
  }
}
