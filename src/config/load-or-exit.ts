import { ConfigError, loadConfig, type Config } from '../config.ts'

/** Reads the environment; when it's wrong, says so on stderr, a line for each fault, and ends the process with code 1. */
export function loadConfigOrExit (env: Readonly<Record<string, string | undefined>>): Config {
  try {
    return loadConfig(env)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    process.stderr.write(`${error.faults.join('\n')}\n`)
    process.exit(1)
  }
}
