import { parseArgs } from 'node:util'

export type Command = 'start' | 'demo' | 'check' | 'print-config' | 'help' | 'version'

export interface Arguments {
  command: Command
  /** Whether the demo ends after its story. */
  isOnce: boolean
}

/** What was typed isn't understood. The message is fit for a terminal. */
export class ArgumentError extends Error {
  readonly code = 'ARGUMENTS_INVALID'
}

export const usage = `Usage: mcp-dust-server [--demo [--once] | --check | --print-config | --help | --version]

Without an option it starts the server, with the settings of the environment and of .env in this folder.

  --demo          starts the server beside an emulated Dust workspace: no key, no settings, nothing kept
  --once          ends the demo after its story
  --check         looks whether the server could start and serve here, and says what is wrong and how to mend it;
                  exit code 1 when something is
  --print-config  prints every setting and where it comes from, without secrets
  --help          prints this
  --version       prints the version
`

const COMMANDS = ['demo', 'check', 'print-config', 'help', 'version'] as const

const options = {
  demo: { type: 'boolean' },
  once: { type: 'boolean' },
  check: { type: 'boolean' },
  'print-config': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' }
} as const

/** @throws {ArgumentError} */
export function readArguments (args: string[]): Arguments {
  const values = parse(args)
  const [command = 'start', another] = COMMANDS.filter((name) => values[name] === true)
  if (another !== undefined) throw new ArgumentError(`--${command} and --${another} can't be done at once.`)
  const isOnce = values.once === true
  if (isOnce && command !== 'demo') throw new ArgumentError('--once belongs to --demo.')
  return { command, isOnce }
}

function parse (args: string[]) {
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    throw new ArgumentError(error instanceof Error ? error.message : String(error))
  }
}
