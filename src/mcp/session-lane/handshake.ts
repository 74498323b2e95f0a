import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import { InitializeRequestSchema, InitializeResultSchema, type Implementation, type InitializeResult } from '@modelcontextprotocol/sdk/types.js'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js'
import type { JSONRPCMessage, JSONRPCRequest } from '../json-rpc.ts'
import type { ClientCapabilities } from '../operation.ts'
import type { SessionContext } from './session-context.ts'

/** What a client has said of itself when it opened its session. */
export interface ClientDescription {
  client: Implementation
  capabilities: ClientCapabilities
}

/** Shared, because each SDK server would make its own otherwise, at 17 KB and 150 us. */
const jsonSchemaValidator = new AjvJsonSchemaValidator()

/**
 * Has the SDK's server agree with a client on a revision and tell it what there is. It isn't needed after that: what else comes in a
 * session is plain JSON-RPC, and an SDK server for each session would take more memory and time than everything else.
 *
 * @param initialize has passed the SDK's schema
 */
export async function shakeHands (initialize: JSONRPCRequest, { serverInfo, capabilities, instructions }: Pick<SessionContext, 'serverInfo' | 'capabilities' | 'instructions'>): Promise<InitializeResult> {
  const server = new Server(serverInfo, { capabilities, instructions, jsonSchemaValidator })
  const [ours, its] = InMemoryTransport.createLinkedPair()
  await server.connect(its)
  const answer = await new Promise<JSONRPCMessage>((resolve, reject) => {
    ours.onmessage = resolve
    ours.send(initialize).catch(reject)
  })
  await server.close()
  return InitializeResultSchema.parse('result' in answer ? answer.result : undefined)
}

/** Reads what was said in the `params` of an `initialize` that has passed the SDK's schema. */
export function readClient (initialize: Record<string, unknown>): ClientDescription {
  const { clientInfo: client, capabilities } = InitializeRequestSchema.shape.params.parse(initialize)
  return { client, capabilities }
}
