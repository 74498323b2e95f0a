import type { FastifyInstance } from 'fastify'

/** What a process has used so far, and what it holds. */
export interface Usage {
  cpuMicros: number
  /** After a collection of garbage, if Node was started with --expose-gc. */
  heapBytes: number
  rssBytes: number
}

/** What a server under load tells the one that measures. */
export type Message = { address: string } | Usage

/** Listens, says where, and says what it has used whenever it is asked. Ends with the one that started it. */
export async function serve (fastify: FastifyInstance): Promise<void> {
  const tell = (message: Message): void => { process.send?.(message) }
  process.on('message', () => {
    globalThis.gc?.()
    const { user, system } = process.cpuUsage()
    const { heapUsed, rss } = process.memoryUsage()
    tell({ cpuMicros: user + system, heapBytes: heapUsed, rssBytes: rss })
  })
  process.on('disconnect', () => { process.exit() })
  tell({ address: await fastify.listen({ port: 0, host: '127.0.0.1' }) })
}
