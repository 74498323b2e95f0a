import { createMcpHandler, McpServer, Server } from '@modelcontextprotocol/server'
import Fastify from 'fastify'
import { z } from 'zod'
import { describeTool, ECHO, kind, listTools, SEARCH, toolCount } from './catalog.ts'
import { serve } from './serve.ts'

/** The SDK's own handler for the revision without sessions, behind as little as can be: a client that goes away cancels, no more. */
const INFO = { name: 'sdk-v2', version: '1.0.0' }
const tools = listTools()
const [echo, search] = [z.object(ECHO), z.object(SEARCH)]
const handler = createMcpHandler(kind === 'McpServer' ? createMcpServer : createLowLevelServer, { legacy: 'reject' })

const fastify = Fastify()
fastify.post('/mcp', async ({ headers, body }, reply) => {
  const words = Object.entries(headers).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
  const gone = new AbortController()
  reply.raw.once('close', () => { gone.abort() })
  const response = await handler.fetch(new Request('http://localhost/mcp', { method: 'POST', headers: words, signal: gone.signal }), { parsedBody: body })
  return reply.code(response.status).headers(Object.fromEntries(response.headers)).send(await response.text())
})
await serve(() => fastify.listen({ port: 0, host: '127.0.0.1' }))

function createLowLevelServer (): Server {
  const server = new Server(INFO, { capabilities: { tools: {} } })
  server.setRequestHandler('tools/list', async () => ({ tools }))
  server.setRequestHandler('tools/call', async ({ params }) => ({ content: [{ type: 'text', text: String(params.arguments?.['text']) }] }))
  return server
}

function createMcpServer (): McpServer {
  const server = new McpServer(INFO)
  for (let index = 0; index < toolCount; index++) {
    const { name, ...words } = describeTool(index)
    if (index === 0) server.registerTool(name, { ...words, inputSchema: echo }, async ({ text }) => ({ content: [{ type: 'text', text }] }))
    else server.registerTool(name, { ...words, inputSchema: search }, async ({ query }) => ({ content: [{ type: 'text', text: query }] }))
  }
  return server
}
