import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { freePort } from '../test/fixtures/free-port.ts'
import { readCpuMicros, readUsage, type ProcessUsage } from './process-usage.ts'
import type { LoopDelay, Memory, Message, Question } from './servers/serve.ts'

/** A server in a process of its own. */
export interface Server {
  address: string
  pid: number
  cpuMicros (): number
  usage (): ProcessUsage
  /** Kills it. Resolves when it is gone. */
  stop (): Promise<void>
}

/** One that answers questions about itself. */
export interface TalkingServer extends Server {
  memory (): Promise<Memory>
  /** Since this was asked last; the first answer says nothing. */
  loopDelay (): Promise<LoopDelay>
}

interface StartOptions {
  args?: string[]
  /** Options of Node itself. */
  nodeArgs?: string[]
  environment?: Record<string, string>
}

/** Starts a program of `servers/` with nothing but the given environment, and waits until it listens. */
export async function startServer (program: string, options: StartOptions = {}): Promise<TalkingServer> {
  return startProgram(path.join('servers', program), options)
}

/** The same for any program of this folder that serves. */
export async function startProgram (program: string, { args = [], nodeArgs = [], environment = {} }: StartOptions = {}): Promise<TalkingServer> {
  const child = fork(path.join(import.meta.dirname, program), args, { execArgv: nodeArgs, env: { ...environment }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const next = async (): Promise<Message> => {
    const settled = new AbortController()
    try {
      const ended = once(child, 'exit', { signal: settled.signal }).then(([code]) => { throw new Error(`${program} ended with ${code}`) })
      const [message]: Message[] = await Promise.race([once(child, 'message', { signal: settled.signal }), ended])
      if (message === undefined) throw new Error(`${program} said nothing`)
      return message
    } finally {
      settled.abort()
    }
  }
  const first = await next()
  if (!('address' in first)) throw new Error(`${program} didn't say where it listens`)
  const ask = async (question: Question): Promise<Message> => {
    const answer = next()
    child.send(question)
    return answer
  }
  return {
    ...toServer(child, first.address),
    memory: async () => {
      const message = await ask('memory')
      if (!('heapBytes' in message)) throw new Error(`${program} didn't say what it holds`)
      return message
    },
    loopDelay: async () => {
      const message = await ask('loopDelay')
      if (!('maxMs' in message)) throw new Error(`${program} didn't say how its event loop was delayed`)
      return message
    }
  }
}

/**
 * Starts somebody else's program with Node, and waits until it listens.
 *
 * @param command what it is called with, and its environment, for a port
 */
export async function startForeignServer (command: (port: number) => { args: string[], environment?: Record<string, string> }): Promise<Server> {
  const port = await freePort()
  const { args, environment = {} } = command(port)
  const child = spawn(process.execPath, args, { env: { PATH: process.env['PATH'], ...environment }, stdio: 'ignore' })
  const server = toServer(child, `http://127.0.0.1:${port}`)
  while (!await fetch(server.address).then(() => true, () => false)) {
    if (child.exitCode !== null) throw new Error(`${args.join(' ')} ended with ${child.exitCode}`)
    await pause(50)
  }
  return server
}

const running = new Set<ChildProcess>()
process.once('exit', () => { for (const child of running) child.kill('SIGKILL') })

/** A bench that breaks off leaves nothing running. */
export function endWithThis (child: ChildProcess): void {
  running.add(child)
  child.once('exit', () => { running.delete(child) })
}

function toServer (child: ChildProcess, address: string): Server {
  endWithThis(child)
  const { pid } = child
  if (pid === undefined) throw new Error('There is no process')
  return {
    address,
    pid,
    cpuMicros: () => readCpuMicros(pid),
    usage: () => readUsage(pid),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
  }
}
