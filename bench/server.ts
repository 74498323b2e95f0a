import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Message, Usage } from './servers/serve.ts'

/** A server in a process of its own. */
export interface Server {
  address: string
  usage (): Promise<Usage>
  /** Kills it. Resolves when it is gone. */
  stop (): Promise<void>
}

interface StartOptions {
  args?: string[]
  /** Options of Node itself. */
  nodeArgs?: string[]
  environment?: Record<string, string>
}

/** Starts a program of `servers/` with nothing but the given environment, and waits until it listens. */
export async function startServer (program: string, { args = [], nodeArgs = [], environment = {} }: StartOptions = {}): Promise<Server> {
  const child = fork(path.join(import.meta.dirname, 'servers', program), args, { execArgv: nodeArgs, env: { ...environment }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
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
  return {
    address: first.address,
    usage: async () => {
      const answer = next()
      child.send('usage')
      const message = await answer
      if (!('cpuMicros' in message)) throw new Error(`${program} didn't say what it uses`)
      return message
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill()
      await ended
    }
  }
}
