import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { createMcpServer } from './sdk-v1-servers.ts'

/** A server without HTTP, for those that stand before one. */
await createMcpServer().connect(new StdioServerTransport())
