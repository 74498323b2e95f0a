import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../../test/fixtures/free-port.ts'
import { buildTo } from '../../test/fixtures/packed.ts'
import { endWithThis } from '../server.ts'
import { readUsage, type ProcessUsage } from '../process-usage.ts'

const ROOT = path.join(import.meta.dirname, '..', '..')
const POLL_MS = 2

/** What is built of the sources, in a folder of its own, with the packages that are installed here. */
export async function build (): Promise<{ program: string, remove: () => Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-dist-'))
  await buildTo(path.join(folder, 'dist'))
  await copyFile(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'))
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'))
  return { program: path.join(folder, 'dist', 'src', 'server.js'), remove: () => rm(folder, { recursive: true }) }
}

export const FROM_SOURCE = path.join(ROOT, 'src', 'server.ts')

/** A program that listens, from its start. */
export interface Started {
  /** From exec to the first 200, in milliseconds. */
  ms: number
  cpuMicros: number
  /** What it holds after so much time of rest. */
  rest (seconds: number): Promise<ProcessUsage>
  stop (): Promise<void>
}

/** Starts the server and asks it until it is ready. */
export async function startServerProcess (program: string, environment: Record<string, string>): Promise<Started> {
  const port = await freePort()
  const folder = await mkdtemp(path.join(tmpdir(), 'bench-start-'))
  await mkdir(path.join(folder, 'data'))
  const startedAt = performance.now()
  const child = spawn(process.execPath, [program], { cwd: folder, env: { PORT: String(port), ...environment }, stdio: ['ignore', 'ignore', 'inherit'] })
  endWithThis(child)
  while (!await isReady(port)) {
    if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
    await pause(POLL_MS)
  }
  const ms = performance.now() - startedAt
  const pid = pidOf(child)
  return {
    ms,
    cpuMicros: readUsage(pid).cpuMicros,
    rest: async (seconds) => {
      await pause(seconds * 1000)
      return readUsage(pid)
    },
    stop: async () => {
      await end(child)
      await rm(folder, { recursive: true })
    }
  }
}

/** Node with nothing to do, from exec to the end, and what it holds while it waits. */
export async function startNothing (seconds: number): Promise<{ ms: number, usage: ProcessUsage }> {
  const startedAt = performance.now()
  await once(spawn(process.execPath, ['--eval', ''], { stdio: 'ignore' }), 'exit')
  const ms = performance.now() - startedAt
  const idle = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 60000)'], { stdio: 'ignore' })
  endWithThis(idle)
  await pause(seconds * 1000)
  const usage = readUsage(pidOf(idle))
  await end(idle)
  return { ms, usage }
}

/** The emulated workspace in a process of its own. */
export async function startEmulatorProcess (): Promise<{ environment: Record<string, string>, stop: () => Promise<void> }> {
  const port = await freePort()
  const child = spawn(process.execPath, [path.join(ROOT, 'src', 'emulator', 'server.ts')], { env: { EMULATOR_PORT: String(port) }, stdio: ['ignore', 'pipe', 'inherit'] })
  endWithThis(child)
  await once(child.stdout, 'data')
  return {
    environment: { DUST_BASE_URL: `http://127.0.0.1:${port}`, DUST_API_KEY: 'sk-demo', DUST_WORKSPACE_ID: 'demo' },
    stop: () => end(child)
  }
}

function isReady (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/ready', agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode === 200)
    }).on('error', () => { resolve(false) })
  })
}

function pidOf ({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('There is no process')
  return pid
}

async function end (child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGKILL')
  await ended
}
