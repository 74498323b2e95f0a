import type { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import Fastify from 'fastify'
import { Sessions, streamableHttp } from 'fastify-mcp'
import { createMcpServer } from './sdk-v1-servers.ts'
import { serve } from './serve.ts'

/** The plugin for Fastify, with sessions, as its README shows it. */
const fastify = Fastify()
await fastify.register(streamableHttp, {
  stateful: true,
  mcpEndpoint: '/mcp',
  sessions: new Sessions<StreamableHTTPServerTransport>(),
  createServer: () => createMcpServer().server
})
await serve(() => fastify.listen({ port: 0, host: '127.0.0.1' }))
