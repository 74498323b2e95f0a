import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createMcpExpressApp } from '@modelcontextprotocol/sdk/server/express.js'
import { addressOf, serve } from './serve.ts'
import { createMcpServer } from './sdk-v1-servers.ts'
import { handle } from './sdk-v1-sessions.ts'

/** The SDK on Express, as in its examples. */
const app = createMcpExpressApp()
app.post('/mcp', async (request: IncomingMessage & { body: unknown }, response: ServerResponse) => handle(request, response, request.body, createMcpServer))
await serve(() => addressOf(createServer(app).listen(0, '127.0.0.1')))
