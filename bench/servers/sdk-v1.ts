import { randomUUID } from 'node:crypto'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { CallToolRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import Fastify from 'fastify'
import { z } from 'zod'
import { serve } from './serve.ts'

/** The SDK's own transport for sessions, with one of its servers for each session: `Server`, or `McpServer` as in its examples. */
const [, , kind] = process.argv
const create = kind === 'McpServer' ? createMcpServer : createServer
const transports = new Map<unknown, StreamableHTTPServerTransport>()
const fastify = Fastify()
fastify.post('/mcp', async (request, reply) => {
  reply.hijack()
  const transport = transports.get(request.headers['mcp-session-id']) ?? await open()
  await transport.handleRequest(request.raw, reply.raw, request.body)
})
await serve(fastify)

async function open (): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => { transports.set(id, transport) }
  })
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await create().connect(transport as Transport)
  return transport
}

function createServer (): Server {
  const server = new Server({ name: 'sdk-v1', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => ({ content: [{ type: 'text', text: String(params.arguments?.['text']) }] }))
  return server
}

function createMcpServer (): McpServer {
  const server = new McpServer({ name: 'sdk-v1', version: '1.0.0' })
  server.registerTool('echo', { description: 'Gives back what it got.', inputSchema: { text: z.string() } }, async ({ text }) => ({ content: [{ type: 'text', text }] }))
  return server
}
