import type { Task } from '@modelcontextprotocol/sdk/types.js'
import { EVENT_LOG_LIMITS, type LoggedEvent, type StreamRecord } from '../../store/event-log.ts'
import { isObject, isResponse, type JSONRPCMessage, type RequestId } from '../json-rpc.ts'
import { isAnswered, isCancelled, waitsForAnswer } from './call-journal.ts'
import { messagesIn } from './picked-up.ts'
import { readQuestionId } from './question.ts'

/** What a client reads of an event on a task's stream; `undefined` for what it must not get again. */
export type TaskView = (data: string) => string | undefined

/** What is worked on stays longer. */
const TTL_MS = EVENT_LOG_LIMITS.ageMs
const POLL_INTERVAL_MS = 2000
const RELATED_TASK = 'io.modelcontextprotocol/related-task'

export function newTask (taskId: string): Task {
  const now = new Date().toISOString()
  return { taskId, status: 'working', createdAt: now, lastUpdatedAt: now, ttl: TTL_MS, pollInterval: POLL_INTERVAL_MS }
}

/** @param newest the newest events of its stream */
export function toTask (taskId: string, record: StreamRecord, newest: readonly LoggedEvent[]): Task {
  const messages = newest.flatMap(({ data }) => messagesIn(data))
  const last = messages.at(-1)
  const words = record.isEnded ? errorIn(last) : messages.findLast(isStep)?.params?.['message']
  return {
    ...newTask(taskId),
    status: statusOf(taskId, record, last),
    createdAt: new Date(record.createdAt).toISOString(),
    lastUpdatedAt: new Date(record.lastAt).toISOString(),
    ...(typeof words === 'string' ? { statusMessage: words } : {})
  }
}

/**
 * What a request for the result of a task gets to see: every message says to which task it belongs, the answer has the id of
 * that request, and nobody is asked again what was answered.
 */
export function seenFrom (record: StreamRecord, taskId: string, request: RequestId): TaskView {
  return (data) => {
    const [message] = messagesIn(data)
    if (message === undefined || isOver(message, record)) return undefined
    return JSON.stringify(related(isResponse(message) ? { ...message, id: request } : message, taskId))
  }
}

function statusOf (taskId: string, record: StreamRecord, last: JSONRPCMessage | undefined): Task['status'] {
  if (isCancelled(record, taskId)) return 'cancelled'
  if (!record.isEnded) return waitsForAnswer(record) ? 'input_required' : 'working'
  return last !== undefined && 'result' in last && last.result['isError'] !== true ? 'completed' : 'failed'
}

/** Why a call failed, as a client that asks for its result is told. */
function errorIn (message: JSONRPCMessage | undefined): string | undefined {
  if (message === undefined) return undefined
  if ('error' in message) return message.error.message
  if (!('result' in message) || message.result['isError'] !== true) return undefined
  const { content } = message.result
  const [first]: unknown[] = Array.isArray(content) ? content : []
  return isObject(first) && typeof first['text'] === 'string' ? first['text'] : undefined
}

/** A question that was answered. */
function isOver (message: JSONRPCMessage, record: StreamRecord): boolean {
  if (!('method' in message) || !('id' in message)) return false
  const question = readQuestionId(message)
  return question !== undefined && isAnswered(record, question.name)
}

/** What is going on, in words; the pieces of an answer aren't. */
function isStep (message: JSONRPCMessage): message is Extract<JSONRPCMessage, { method: string }> {
  if (!('method' in message) || message.method !== 'notifications/progress') return false
  const meta = message.params?.['_meta']
  return typeof message.params?.['message'] === 'string' && !(isObject(meta) && meta['mcp-dust-server/kind'] === 'text')
}

function related (message: JSONRPCMessage, taskId: string): JSONRPCMessage {
  if ('method' in message) return { ...message, params: withTask(message.params, taskId) }
  return 'result' in message ? { ...message, result: withTask(message.result, taskId) } : message
}

function withTask<Part extends { _meta?: Record<string, unknown> | undefined }> (part: Part | undefined, taskId: string): Part & { _meta: Record<string, unknown> }
function withTask (part: { _meta?: Record<string, unknown> | undefined } | undefined, taskId: string) {
  return { ...part, _meta: { ...part?._meta, [RELATED_TASK]: { taskId } } }
}
