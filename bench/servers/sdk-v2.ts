import { createMcpHandler, Server } from '@modelcontextprotocol/server'
import Fastify from 'fastify'
import { serve } from './serve.ts'

/** The SDK's own handler for the revision without sessions, behind as little as can be: a client that goes away cancels, no more. */
const handler = createMcpHandler(() => {
  const server = new Server({ name: 'sdk-v2', version: '1.0.0' }, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/call', async ({ params }) => ({ content: [{ type: 'text', text: String(params.arguments?.['text']) }] }))
  return server
}, { legacy: 'reject' })

const fastify = Fastify()
fastify.post('/mcp', async ({ headers, body }, reply) => {
  const words = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const gone = new AbortController()
  reply.raw.once('close', () => { gone.abort() })
  const response = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers: words, signal: gone.signal }), { parsedBody: body })
  return reply.code(response.status).headers(Object.fromEntries(response.headers)).send(await response.text())
})
await serve(fastify)
