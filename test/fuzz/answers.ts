import { isObject } from '../../src/mcp/json-rpc.ts'
import { messagesOf } from '../helper.ts'
import type { RoutingCase } from './routing-cases.ts'

export interface Answer {
  status: number
  type: string
  text: string
}

/** What is wrong with an answer, whatever was asked; `null` when nothing is. */
export function faultOf ({ status, type, text }: Answer, { method, body }: RoutingCase): string | null {
  if (status >= 500) return `status ${status}: ${text.slice(0, 300)}`
  if (type.startsWith('text/event-stream')) return messagesOf(text).map((message) => faultOfMessage(message, body)).find((fault) => fault !== null) ?? null
  if (status === 202 || (status === 200 && method === 'DELETE')) return text === '' ? null : `status ${status} with a body: ${text.slice(0, 300)}`
  if (!type.startsWith('application/json')) return `status ${status} of type "${type}": ${text.slice(0, 300)}`
  const answer: unknown = JSON.parse(text)
  if (isObject(answer) && 'method' in answer) return `a message that is no answer, as the only one: ${text.slice(0, 300)}`
  return faultOfMessage(answer, body)
}

function faultOfMessage (message: unknown, body: string | null): string | null {
  const words = JSON.stringify(message).slice(0, 300)
  if (!isObject(message) || message['jsonrpc'] !== '2.0') return `no JSON-RPC: ${words}`
  const { id, method, result, error } = message
  const kinds = [method, result, error].filter((part) => part !== undefined)
  if (kinds.length !== 1) return `neither a request, a result nor an error: ${words}`
  if (typeof method === 'string') return null
  if (error === undefined) return isObject(result) && isIdIn(id, body) ? null : `a result that answers nothing: ${words}`
  if (!isObject(error) || !Number.isInteger(error['code']) || typeof error['message'] !== 'string') return `an error without code or message: ${words}`
  return id === null || isIdIn(id, body) ? null : `an error that answers nothing: ${words}`
}

/** Whether the request, or one of a batch, has that id. A fraction is discouraged by JSON-RPC, but one. */
function isIdIn (id: unknown, body: string | null): boolean {
  const asked: unknown = JSON.parse(body ?? 'null')
  return (typeof id === 'string' || typeof id === 'number') && (Array.isArray(asked) ? asked : [asked]).some((message) => Object(message).id === id)
}
