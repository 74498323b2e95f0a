import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import type { Test } from 'tap'

const root = path.join(import.meta.dirname, '..', '..')

export interface ServerProcess {
  child: ChildProcess
  address: string
  stdout: string[]
  /** Exit code and signal, once the process has ended. */
  ended: Promise<{ code: number | null, signal: NodeJS.Signals | null }>
}

/** Runs a program of this package with nothing but the given environment. */
export function run (t: Test, program: string, environment: Record<string, string>, args: string[] = [], cwd = tmpdir()) {
  const child = spawn(process.execPath, [path.resolve(root, program), ...args], {
    cwd, env: environment, stdio: ['ignore', 'pipe', 'pipe']
  })
  t.teardown(() => { child.kill('SIGKILL') })
  const stdout: string[] = []
  const stderr: string[] = []
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => { stdout.push(line) })
  createInterface({ input: child.stderr }).on('line', (line) => { stderr.push(line) })
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({
    code: typeof code === 'number' ? code : null, signal: signal === null ? null : signal as NodeJS.Signals
  }))
  return { child, stdout, stderr, lines, ended }
}

/** Starts the server, or another program that listens, as its own process and waits until it does. */
export async function startServerProcess (t: Test, environment: Record<string, string>, { cwd, program = 'src/server.ts' }: { cwd?: string, program?: string } = {}): Promise<ServerProcess> {
  // A busy machine would put it under pressure from its start.
  const server = run(t, program, { HOST: '127.0.0.1', PORT: '0', PRESSURE_MAX_EVENT_LOOP_DELAY: '0s', ...environment }, [], cwd)
  const address = await addressOf(server, /Server listening at (http:[^"]+)/)
  const { child, stdout, ended } = server
  return { child, address, stdout, ended }
}

/** Starts the emulated workspace as its own process and waits until it listens: its address. */
export async function startEmulatorProcess (t: Test, environment: Record<string, string> = {}): Promise<string> {
  return addressOf(run(t, 'src/emulator/server.ts', { EMULATOR_PORT: '0', ...environment }), /emulated at (http:\S+)/)
}

/** The address that a program says it listens at. */
async function addressOf ({ lines, ended, stdout, stderr }: ReturnType<typeof run>, words: RegExp): Promise<string> {
  return Promise.race([
    new Promise<string>((resolve) => {
      lines.on('line', (line) => {
        const [, url] = words.exec(line) ?? []
        if (url !== undefined) resolve(url)
      })
    }),
    ended.then(({ code }) => { throw new Error(`The program ended with ${code}: ${[...stdout, ...stderr].join('\n')}`) })
  ])
}
