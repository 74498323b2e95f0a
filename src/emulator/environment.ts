import type { EmulatorOptions } from './app.ts'

export interface Environment {
  host: string
  port: number
  options: EmulatorOptions
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * Reads the emulator's environment variables. An empty value counts as not set.
 *
 * @returns what they say, or a line for each that can't be used
 */
export function readEnvironment (variables: Variables): { environment: Environment } | { faults: string[] } {
  const faults: string[] = []

  function text (name: string, fallback: string, pattern: RegExp, allowed: string): string {
    const value = variables[name]?.trim() || fallback
    if (!pattern.test(value)) faults.push(`${name} is ${JSON.stringify(value)}; it must be ${allowed}`)
    return value
  }

  function number (name: string, fallback: string, pattern: RegExp, maximum: number, allowed: string): number {
    const value = text(name, fallback, pattern, allowed)
    if (pattern.test(value) && Number(value) > maximum) faults.push(`${name} is ${JSON.stringify(value)}; it must be ${allowed}`)
    return Number(value)
  }

  const environment = {
    host: text('EMULATOR_HOST', '127.0.0.1', /^\S+$/, 'a host name or an address'),
    port: number('EMULATOR_PORT', '5055', /^\d+$/, 65_535, 'a whole number from 0 to 65535'),
    options: {
      seed: number('EMULATOR_SEED', '1', /^\d+$/, Number.MAX_SAFE_INTEGER, 'a whole number of at least 0'),
      pace: number('EMULATOR_PACE', '1', /^\d+(\.\d+)?$/, 100, 'a number from 0 to 100, such as 0.1'),
      agents: number('EMULATOR_AGENTS', '0', /^\d+$/, 5000, 'a whole number from 0 to 5000'),
      apiKey: text('EMULATOR_API_KEY', 'sk-demo', /^sk-[A-Za-z0-9]+$/, 'sk- followed by letters and digits'),
      workspaceId: text('EMULATOR_WORKSPACE_ID', 'demo', /^[A-Za-z0-9]+$/, 'letters and digits')
    }
  }
  return faults.length > 0 ? { faults } : { environment }
}
