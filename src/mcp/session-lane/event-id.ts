import { isRequest, type JSONRPCMessage, type RequestId } from '../json-rpc.ts'
import { randomUUID } from 'node:crypto'

/** By which a client names the event from which it goes on. */
export interface EventId {
  stream: string
  seq: number
}

/** The stream for messages that belong to no request. */
export const STANDALONE = 'standalone'

/** Longer ids of requests don't go into names. */
const REQUEST_ID_LIMIT_CHARACTERS = 80

export function writeEventId ({ stream, seq }: EventId): string {
  return `${stream}.${seq}`
}

/** @returns `undefined` when it's none of ours */
export function readEventId (text: string): EventId | undefined {
  const [, stream, digits] = /^(.+)\.(\d{1,15})$/s.exec(text) ?? []
  return stream === undefined ? undefined : { stream, seq: Number(digits) }
}

/**
 * Names the stream that answers these messages, for ever unique. The name of one that answers a single request says which:
 * so its client can be told of the end of it even when nothing else is known any more.
 */
export function nameStream (requests: readonly JSONRPCMessage[]): string {
  const [request, ...others] = requests.filter(isRequest)
  const name = randomUUID()
  return request === undefined || others.length > 0 ? name : withRequest(name, request.id) ?? name
}

/** The stream of a call that a client doesn't wait for. What can't be the id of a task leads to none. */
export function taskStream (taskId: string): string {
  return `task-${encodeURIComponent(taskId.toWellFormed()).replaceAll('~', '')}`
}

/** Names the stream of a task as the one that answers a request for its result; `undefined` when the id of the request is too long. */
export function nameTaskResult (taskId: string, request: RequestId): string | undefined {
  return withRequest(taskStream(taskId), request)
}

/** Whose result a stream with this name is, if it's one of a task. */
export function taskOf (name: string): string | undefined {
  return /^task-([\da-f-]{36})~/.exec(name)?.[1]
}

/** Under which name a stream is in the log. */
export function loggedName (name: string): string {
  const taskId = taskOf(name)
  return taskId === undefined ? name : taskStream(taskId)
}

function withRequest (name: string, request: RequestId): string | undefined {
  const id = encodeURIComponent(JSON.stringify(request))
  return id.length > REQUEST_ID_LIMIT_CHARACTERS ? undefined : `${name}~${id}`
}

/** Which request a stream answers, if its name says so. */
export function requestOf (stream: string): RequestId | undefined {
  const [, words] = /^(?:task-)?[\da-f-]{36}~(.+)$/.exec(stream) ?? []
  if (words === undefined) return undefined
  try {
    const id: unknown = JSON.parse(decodeURIComponent(words))
    return typeof id === 'string' || typeof id === 'number' ? id : undefined
  } catch {
    // A client may put anything into Last-Event-ID.
    return undefined
  }
}
