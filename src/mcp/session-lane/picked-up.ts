import type { LoggedEvent, StreamRecord } from '../../store/event-log.ts'
import { isMessage, isObject, isRequest, isResponse, type JSONRPCMessage, type JSONRPCRequest, type RequestId } from '../json-rpc.ts'
import type { Progress, Resumed } from '../operation.ts'

/** What the log says of a call whose process is gone. */
export interface PickedUp {
  /** What the client still waits for. */
  unanswered: JSONRPCRequest[]
  /** How far each request was, by its progress token. */
  progress: ReadonlyMap<unknown, Progress>
  /** Ids of the questions that were sent. */
  questions: ReadonlySet<RequestId>
  /** When the call came, in milliseconds since the epoch. */
  since: number
}

/** @param events the newest ones of its stream */
export function pickUp (record: StreamRecord, events: readonly LoggedEvent[]): PickedUp {
  const messages = events.flatMap(({ data }) => messagesIn(data))
  const answered = new Set(messages.filter(isResponse).map(({ id }) => id))
  return {
    unanswered: requestsOf(record).filter(({ id }) => !answered.has(id)),
    progress: new Map(messages.flatMap(readProgress)),
    questions: new Set(messages.filter(isRequest).map(({ id }) => id)),
    since: record.createdAt
  }
}

/** What came with the POST that a stream answers. */
export function requestsOf ({ call }: Pick<StreamRecord, 'call'>): JSONRPCRequest[] {
  return toList(call).filter(isMessage).filter(isRequest)
}

/** As a handler sees it. */
export function toResumed ({ progress, since }: PickedUp, token: unknown): Resumed {
  return { since, progress: progress.get(token) ?? null }
}

function toList (json: string | null): unknown[] {
  const value: unknown = json === null ? [] : JSON.parse(json)
  return Array.isArray(value) ? value : []
}

/** The message of an event, if there is one. */
export function messagesIn (data: string): JSONRPCMessage[] {
  const message: unknown = JSON.parse(data)
  return isMessage(message) ? [message] : []
}

function readProgress (message: JSONRPCMessage): Array<[unknown, Progress]> {
  if (!('method' in message) || message.method !== 'notifications/progress' || !isObject(message.params)) return []
  const { progressToken, progress, total, message: words, _meta: meta } = message.params
  return [[progressToken, {
    ...(typeof progress === 'number' ? { progress } : {}),
    ...(typeof total === 'number' ? { total } : {}),
    ...(typeof words === 'string' ? { message: words } : {}),
    ...(isObject(meta) ? { meta } : {})
  }]]
}
