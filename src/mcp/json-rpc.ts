import {
  JSONRPCMessageSchema, type JSONRPCMessage, type JSONRPCNotification, type JSONRPCRequest, type JSONRPCResponse, type RequestId
} from '@modelcontextprotocol/sdk/types.js'

export type { JSONRPCMessage, JSONRPCNotification, JSONRPCRequest, JSONRPCResponse, RequestId }

/** Codes of JSON-RPC 2.0, and those that MCP has made its own. */
export const ErrorCode = {
  ParseError: -32700,
  InvalidRequest: -32600,
  MethodNotFound: -32601,
  InvalidParams: -32602,
  InternalError: -32603,
  /** Refused by the transport: wrong header, limit reached, shutting down. */
  Refused: -32000,
  SessionNotFound: -32001,
  /** Of the revisions with sessions; the stateless one says `InvalidParams`. */
  ResourceNotFound: -32002,
  /** Of the stateless revision. */
  MissingClientCapability: -32021
} as const

export interface JsonRpcError {
  jsonrpc: '2.0'
  error: { code: number, message: string, data?: unknown }
  id: RequestId | null
}

export function jsonRpcError (code: number, message: string, id: RequestId | null = null): JsonRpcError {
  return { jsonrpc: '2.0', error: { code, message }, id }
}

/** The SDK's own schema decides: what passes here is never dropped silently further in. */
export function isMessage (value: unknown): value is JSONRPCMessage {
  return JSONRPCMessageSchema.safeParse(value).success
}

export function isRequest (message: JSONRPCMessage): message is JSONRPCRequest {
  return 'method' in message && 'id' in message
}

export function isResponse (message: JSONRPCMessage): message is JSONRPCResponse {
  return !('method' in message)
}

/** Whether it calls a tool of this kind. */
export function isToolCall (body: unknown, matches: (tool: string) => boolean): boolean {
  return isObject(body) && body['method'] === 'tools/call' && isObject(body['params']) && matches(String(body['params']['name']))
}

export function isObject (value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** As JSON. An answer that can't be written as JSON is a fault, which is answered instead: nobody shall wait for it. */
export function serialize (message: JSONRPCMessage): string {
  try {
    return JSON.stringify(message)
  } catch {
    const id = 'id' in message && message.id !== undefined ? message.id : null
    return JSON.stringify(jsonRpcError(ErrorCode.InternalError, 'Internal error: the answer can\'t be written as JSON', id))
  }
}

/**
 * Shows that a value can be written as JSON where it's still known who made it: later there is nobody to tell.
 *
 * @throws {TypeError}
 */
export function requireJson<Value> (value: Value): Value {
  JSON.stringify(value)
  return value
}

/** Stands for what JavaScript allows to be thrown but nobody could log: `null` and `undefined`. */
export function nothingThrown (): TypeError {
  return new TypeError('A handler threw null or undefined')
}

/** An error that the client sees as a JSON-RPC error object. Its message must be fit for the wire. */
export class ProtocolError extends Error {
  readonly code: number
  readonly data: unknown

  constructor (code: number, message: string, data?: unknown) {
    super(message)
    this.name = 'ProtocolError'
    this.code = code
    this.data = data
  }
}
