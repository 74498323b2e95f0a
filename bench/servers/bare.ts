import Fastify from 'fastify'
import { serve } from './serve.ts'

/** The yardstick: a route that parses the same JSON and answers the same words, and knows nothing of MCP. */
const fastify = Fastify()
fastify.post<{ Body: { id: number, params: { arguments: { text: string } } } }>('/mcp', async ({ body }, reply) =>
  reply.type('application/json').send(JSON.stringify({ jsonrpc: '2.0', id: body.id, result: { content: [{ type: 'text', text: body.params.arguments.text }] } })))
await serve(fastify)
