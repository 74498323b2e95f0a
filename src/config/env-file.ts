import { existsSync, readFileSync } from 'node:fs'

/** Where settings are looked for beside the environment: in the working folder. */
const FILE = '.env'

/** Loads `.env` into the environment, if there is one: what is there already stays. When it can't be read, says so on stderr and ends the process with code 1. */
export function loadEnvFileOrExit (): void {
  if (!existsSync(FILE)) return
  try {
    // Loading it tells less of what is wrong, such as that it's a folder, which container platforms make of a file that isn't there.
    readFileSync(FILE)
  } catch (error) {
    process.stderr.write(`.env of this folder can't be read: ${Object(error).code ?? 'unknown error'}; make it a file that this user may read, or take it away\n`)
    process.exit(1)
  }
  process.loadEnvFile(FILE)
}
