import { once } from 'node:events'
import type { Server } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a process holds, after a collection of garbage if Node was started with --expose-gc. */
export interface Memory {
  heapBytes: number
}

/** How long timers of a millisecond took, since this was asked last: the longest time in which nothing else could be done. */
export interface LoopDelay {
  maxMs: number
  p99Ms: number
}

export type Question = 'memory' | 'loopDelay'

/** What a server under load tells the one that measures. */
export type Message = { address: string } | Memory | LoopDelay

/** Listens, says where, and answers questions about itself. Ends with the one that started it. */
export async function serve (listen: () => Promise<string>): Promise<void> {
  const tell = (message: Message): void => { process.send?.(message) }
  // What is measured by requests isn't burdened with it before it's asked for.
  let delays: ReturnType<typeof monitorEventLoopDelay> | undefined
  process.on('message', (question: Question) => {
    if (question === 'memory') {
      globalThis.gc?.()
      tell({ heapBytes: process.memoryUsage().heapUsed })
    } else {
      tell({ maxMs: (delays?.max ?? 0) / 1e6, p99Ms: (delays?.percentile(99) ?? 0) / 1e6 })
      delays ??= monitorEventLoopDelay({ resolution: 1 })
      delays.enable()
      delays.reset()
    }
  })
  process.on('disconnect', () => { process.exit() })
  tell({ address: await listen() })
}

/** The address of a server of Node that listens already. */
export async function addressOf (server: Server): Promise<string> {
  if (!server.listening) await once(server, 'listening')
  const { port } = Object(server.address()) as { port: number }
  return `http://127.0.0.1:${port}`
}
