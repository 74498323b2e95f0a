import { createHash } from 'node:crypto'
import { isObject } from '../json-rpc.ts'
import type { Progress } from '../operation.ts'

/** What a call remembers while its client answers a question. It travels through the client's hands, signed. */
export interface RequestState {
  /** Who called what with which arguments, as a hash: a state of another call is worth nothing. */
  call: string
  /** Which of several calls that say the same. */
  id: string
  /** Answers that were given already, by the keys of the questions. */
  answers: Record<string, unknown>
  /** What must happen only once and has happened, by its key. Without a result, too: in JSON, `undefined` alone would be lost. */
  done: Record<string, { result?: unknown }>
  /** How far the client was told that it is; `null` when it was told nothing, or doesn't want to be. */
  progress: Pick<Progress, 'progress' | 'meta'> | null
}

export function isRequestState (value: unknown): value is RequestState {
  return isObject(value) && typeof value['call'] === 'string' && typeof value['id'] === 'string' && isObject(value['answers']) && isObject(value['done']) &&
    (value['progress'] === null || isObject(value['progress']))
}

/**
 * The hash of a call, whatever the order of its arguments' properties.
 *
 * @param params an object, as JSON
 */
export function hashOfCall (caller: string, method: string, params: string): string {
  const { _meta, ...said }: Record<string, unknown> = Object(JSON.parse(params))
  return createHash('sha256').update(JSON.stringify([caller, method, said], sortKeys)).digest('base64url')
}

function sortKeys (_key: string, value: unknown): unknown {
  return isObject(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => a < b ? -1 : 1)) : value
}
