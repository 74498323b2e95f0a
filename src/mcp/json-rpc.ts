import {
  JSONRPCMessageSchema, type JSONRPCMessage, type JSONRPCNotification, type JSONRPCRequest, type JSONRPCResponse, type RequestId
} from '@modelcontextprotocol/sdk/types.js'
import { preparedJson } from './prepared.ts'

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

/** What a request or notification consists of. */
const MESSAGE_KEYS = new Set(['jsonrpc', 'id', 'method', 'params'])
/** What clients with sessions put beside a request's params. */
const META_KEYS = new Set(['progressToken'])

/** The SDK's own schema decides, but for what is plain to see, because it costs a hundred times more than the look. */
export function isMessage (value: unknown): value is JSONRPCMessage {
  return isPlainMessage(value) || JSONRPCMessageSchema.safeParse(value).success
}

/** A request or notification as clients with sessions send them, and nothing else in it. What isn't plain may be sound all the same. */
export function isPlainMessage (value: unknown): value is JSONRPCRequest | JSONRPCNotification {
  if (!isObject(value) || !hasOnly(value, MESSAGE_KEYS) || value['jsonrpc'] !== '2.0' || typeof value['method'] !== 'string') return false
  const { id, params } = value
  if (id !== undefined && !isStringOrInteger(id)) return false
  if (params === undefined) return true
  if (!isObject(params)) return false
  const { _meta: meta } = params
  return meta === undefined || (isObject(meta) && hasOnly(meta, META_KEYS) && isStringOrInteger(meta['progressToken']))
}

export function isStringOrInteger (value: unknown): value is string | number {
  return typeof value === 'string' || Number.isSafeInteger(value)
}

function hasOnly (value: Record<string, unknown>, keys: ReadonlySet<string>): boolean {
  for (const key in value) if (!keys.has(key)) return false
  return true
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
    const result = 'result' in message ? preparedJson(message.result) : undefined
    if (result === undefined || !('id' in message)) return JSON.stringify(message)
    return `{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":${result}}`
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

/** The error object that tells a client of what was thrown. Only the words of a {@link ProtocolError} are meant for it. */
export function toErrorObject (error: unknown): JsonRpcError['error'] {
  if (!(error instanceof ProtocolError)) return { code: ErrorCode.InternalError, message: 'Internal error' }
  const { code, message, data } = error
  return { code, message, ...(data === undefined ? {} : { data }) }
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
