import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'

const transports = new Map<unknown, StreamableHTTPServerTransport>()

/** Gives a request to the SDK's own transport of its session, with a server for each, as in the SDK's examples. */
export async function handle (request: IncomingMessage, response: ServerResponse, body: unknown, create: () => { connect (transport: Transport): Promise<void> }): Promise<void> {
  const transport = transports.get(request.headers['mcp-session-id']) ?? await open(create)
  await transport.handleRequest(request, response, body)
}

async function open (create: () => { connect (transport: Transport): Promise<void> }): Promise<StreamableHTTPServerTransport> {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => { transports.set(id, transport) }
  })
  // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
  await create().connect(transport as Transport)
  return transport
}
