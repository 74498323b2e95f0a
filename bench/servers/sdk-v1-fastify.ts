import Fastify from 'fastify'
import { kind } from './catalog.ts'
import { createLowLevelServer, createMcpServer } from './sdk-v1-servers.ts'
import { handle } from './sdk-v1-sessions.ts'
import { serve } from './serve.ts'

/** The SDK's own transport on Fastify. */
const create = kind === 'McpServer' ? createMcpServer : createLowLevelServer
const fastify = Fastify()
fastify.post('/mcp', async (request, reply) => {
  reply.hijack()
  await handle(request.raw, reply.raw, request.body, create)
})
await serve(() => fastify.listen({ port: 0, host: '127.0.0.1' }))
