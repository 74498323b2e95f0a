import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'

export interface ProgramOptions {
  environment: Record<string, string>
  /** Gets what the program writes, at its end. */
  logFile: string
  /** Words by which the program says that it's ready. */
  ready: RegExp
}

export interface Program {
  pid: number
  /** Resolves to how it ended, once it has. */
  ended: Promise<string>
  /** Sends the signal and waits for the end of the process; nothing happens after that. */
  stop (signal: NodeJS.Signals): Promise<void>
}

const living = new Set<ChildProcess>()
// Whatever this process ends of, its children end, too.
process.on('exit', () => { for (const child of living) child.kill('SIGKILL') })

/**
 * Starts a program as its own process and waits until it's ready.
 *
 * @throws {Error} when it ends before that
 */
export async function startProgram (command: string, args: string[], { environment, logFile, ready }: ProgramOptions): Promise<Program> {
  const child = spawn(command, args, { env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  living.add(child)
  const log = createWriteStream(logFile, { flags: 'a' })
  for (const output of [child.stdout, child.stderr]) output.pipe(log, { end: false })
  const ended = once(child, 'close').then(async ([code, signal]: unknown[]) => {
    living.delete(child)
    log.end()
    await finished(log)
    return signal === null ? `exit code ${String(code)}` : String(signal)
  })
  const isReady = new Promise<void>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => { if (ready.test(line)) resolve() })
  })
  await Promise.race([isReady, ended.then((how) => { throw new Error(`${command} ${args.join(' ')} ended with ${how}, see ${logFile}`) })])
  return {
    pid: child.pid ?? 0,
    ended,
    stop: async (signal) => {
      child.kill(signal)
      await ended
    }
  }
}
