import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Message } from './servers/serve.ts'

/** A server in a process of its own. */
export interface Server {
  address: string
  /** CPU time that it has used since its start. */
  cpuMicros (): Promise<number>
  stop (): void
}

/** Starts a program of `servers/` with nothing but the given environment, and waits until it listens. */
export async function startServer (program: string, { args = [], environment = {} }: { args?: string[], environment?: Record<string, string> } = {}): Promise<Server> {
  const child = fork(path.join(import.meta.dirname, 'servers', program), args, { env: { ...environment }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
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
    cpuMicros: async () => {
      const answer = next()
      child.send('cpu')
      const message = await answer
      return 'cpuMicros' in message ? message.cpuMicros : Number.NaN
    },
    stop: () => { child.kill() }
  }
}
