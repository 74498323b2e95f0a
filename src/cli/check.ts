import { ConfigError, loadConfig, type Config } from '../config.ts'
import { checkAccess } from './checks/access.ts'
import { checkDust } from './checks/dust.ts'
import { checkLogFile } from './checks/log-file.ts'
import { checkPlugins } from './checks/plugins.ts'
import { checkPort } from './checks/port.ts'
import { checkNames, checkSettings } from './checks/settings.ts'
import { checkStore } from './checks/store.ts'
import type { ReadEnvironment } from './environment.ts'
import { off, wrong, type Finding } from './finding.ts'

type Check = (config: Config) => Finding | Finding[] | Promise<Finding | Finding[]>

/** By what they look at, in the order in which they are told. */
const checks: Readonly<Record<string, Check>> = {
  store: checkStore,
  dust: ({ dust }) => checkDust(dust),
  'log file': ({ logs }) => checkLogFile(logs),
  access: checkAccess,
  plugins: ({ extraPlugins }) => checkPlugins(extraPlugins),
  port: checkPort
}

const STATUS_WIDTH = 'wrong'.length
const NAME_WIDTH = 'settings'.length

/** Looks whether the server could start and serve here, and prints a line for each thing it looked at. Resolves to the exit code. */
export async function check (environment: ReadEnvironment): Promise<number> {
  let hasFault = false

  function tell (name: string, findings: Finding | Finding[]): void {
    for (const { status, words } of [findings].flat()) {
      hasFault ||= status === 'wrong'
      process.stdout.write(`${status.padEnd(STATUS_WIDTH)}  ${name.padEnd(NAME_WIDTH)}  ${words}\n`)
    }
  }

  const config = readConfig(environment)
  if (config instanceof ConfigError) {
    tell('settings', [...config.faults.map(wrong), ...checkNames(environment)])
    for (const name of Object.keys(checks)) tell(name, off('not looked at until the settings are right'))
    return 1
  }
  tell('settings', checkSettings(environment, config))
  // Together, for some of them wait for the network.
  const running = Object.entries(checks).map(([name, look]) => ({ name, findings: Promise.resolve(look(config)) }))
  for (const { name, findings } of running) tell(name, await findings)
  return hasFault ? 1 : 0
}

function readConfig ({ variables }: ReadEnvironment): Config | ConfigError {
  try {
    return loadConfig(variables)
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
}
