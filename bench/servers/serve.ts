import { once } from 'node:events'
import type { Server } from 'node:http'

/** What a process holds, after a collection of garbage if Node was started with --expose-gc. */
export interface Memory {
  heapBytes: number
}

/** What a server under load tells the one that measures. */
export type Message = { address: string } | Memory

/** Listens, says where, and says what it holds whenever it is asked. Ends with the one that started it. */
export async function serve (listen: () => Promise<string>): Promise<void> {
  const tell = (message: Message): void => { process.send?.(message) }
  process.on('message', () => {
    globalThis.gc?.()
    tell({ heapBytes: process.memoryUsage().heapUsed })
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
