import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { CallToolRequestSchema, ListToolsRequestSchema } from '@modelcontextprotocol/sdk/types.js'
import { describeTool, ECHO, listTools, SEARCH, toolCount } from './catalog.ts'

const INFO = { name: 'sdk-v1', version: '1.0.0' }
const tools = listTools()

/** With the SDK's `Server`, which leaves the tools to whoever uses it. */
export function createLowLevelServer (): Server {
  const server = new Server(INFO, { capabilities: { tools: {} } })
  server.setRequestHandler(ListToolsRequestSchema, async () => ({ tools }))
  server.setRequestHandler(CallToolRequestSchema, async ({ params }) => ({ content: [{ type: 'text', text: String(params.arguments?.['text']) }] }))
  return server
}

/** With its `McpServer` and zod, as in its examples. */
export function createMcpServer (): McpServer {
  const server = new McpServer(INFO)
  for (let index = 0; index < toolCount; index++) {
    const { name, ...words } = describeTool(index)
    if (index === 0) server.registerTool(name, { ...words, inputSchema: ECHO }, async ({ text }) => ({ content: [{ type: 'text', text }] }))
    else server.registerTool(name, { ...words, inputSchema: SEARCH }, async ({ query }) => ({ content: [{ type: 'text', text: query }] }))
  }
  return server
}
