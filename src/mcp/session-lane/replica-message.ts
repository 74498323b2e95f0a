import type { StreamKey } from '../../store/event-log.ts'
import { isObject, type RequestId } from '../json-rpc.ts'

/** What replicas that serve the same sessions tell each other. Nothing is lost when one of these is: the store knows it all. */
export type ReplicaMessage =
  /** A stream has another event. */
  | { type: 'appended' } & StreamKey
  /** A client reads this stream at `replica` from now on. */
  | { type: 'reading', replica: string } & StreamKey
  /** Something was noted on a stream: an answer to a question. */
  | { type: 'noted' } & StreamKey
  | { type: 'cancelled', session: string, request: RequestId }
  /** The client of a session wants something else now. */
  | { type: 'wishes', session: string, replica: string }
  /** A session is over. */
  | { type: 'ended', session: string }
  /** A replica has left work behind. */
  | { type: 'left' }

/** Knows a message by its shape; a replica of another version may say something else. */
export function readReplicaMessage (value: unknown): ReplicaMessage | undefined {
  if (!isObject(value)) return undefined
  const { type, session, stream, replica, request } = value
  if (type === 'left') return { type }
  if (typeof session !== 'string') return undefined
  switch (type) {
    case 'ended':
      return { type, session }
    case 'wishes':
      return typeof replica === 'string' ? { type, session, replica } : undefined
    case 'cancelled':
      return typeof request === 'string' || typeof request === 'number' ? { type, session, request } : undefined
  }
  if (typeof stream !== 'string') return undefined
  switch (type) {
    case 'appended':
    case 'noted':
      return { type, session, stream }
    case 'reading':
      return typeof replica === 'string' ? { type, session, stream, replica } : undefined
    default:
      return undefined
  }
}
