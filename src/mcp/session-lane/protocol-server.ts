import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { CancelledNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js'
import type { RequestId } from '../json-rpc.ts'
import type { SessionContext } from './session-context.ts'

/** Shared, because each SDK server would make its own otherwise, at 17 KB and 150 us. */
const jsonSchemaValidator = new AjvJsonSchemaValidator()

export interface ProtocolHandlers {
  /** Works on every request of the client but `initialize`. */
  handle: NonNullable<Server['fallbackRequestHandler']>
  /** The client cancels a request. */
  cancel: (id: RequestId | undefined) => void
}

/** The SDK's `Server`, which speaks the protocol and leaves all work to us. */
export function createProtocolServer ({ serverInfo, capabilities, instructions, onFault }: SessionContext, { handle, cancel }: ProtocolHandlers): Server {
  const server = new Server(serverInfo, { capabilities, instructions, jsonSchemaValidator })
  // The SDK would answer these itself, unseen by whoever watches `dispatch`.
  server.removeRequestHandler('ping')
  server.removeRequestHandler('logging/setLevel')
  server.fallbackRequestHandler = handle
  // The SDK's own handler passes over a request whose id is 0, and can't tell a handler why it was aborted.
  server.setNotificationHandler(CancelledNotificationSchema, ({ params }) => { cancel(params.requestId) })
  // What follows the first colon may quote a message of the client.
  server.onerror = (error) => { onFault(error.message.split(':', 1)[0] ?? '') }
  return server
}
