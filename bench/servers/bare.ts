import Fastify from 'fastify'
import { listTools } from './catalog.ts'
import { serve } from './serve.ts'

/** The yardstick: a route that parses the same JSON and answers the same words, and knows nothing of MCP. */
const list = JSON.stringify({ tools: listTools() })
const fastify = Fastify()
fastify.post<{ Body: { id: number, method: string, params: { arguments: { text: string } } } }>('/mcp', async ({ body: { id, method, params } }, reply) =>
  reply.type('application/json').send(method === 'tools/list'
    ? `{"jsonrpc":"2.0","id":${id},"result":${list}}`
    : JSON.stringify({ jsonrpc: '2.0', id, result: method === 'ping' ? {} : { content: [{ type: 'text', text: params.arguments.text }] } })))
await serve(() => fastify.listen({ port: 0, host: '127.0.0.1' }))
