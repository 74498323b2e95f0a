import type { FastifyInstance } from 'fastify'

/** What a server under load tells the one that measures. */
export type Message = { address: string } | { cpuMicros: number }

/** Listens, says where, and says how much CPU time it has used so far whenever it is asked. Ends with the one that started it. */
export async function serve (fastify: FastifyInstance): Promise<void> {
  const tell = (message: Message): void => { process.send?.(message) }
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    tell({ cpuMicros: user + system })
  })
  process.on('disconnect', () => { process.exit() })
  tell({ address: await fastify.listen({ port: 0, host: '127.0.0.1' }) })
}
