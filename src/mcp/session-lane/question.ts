import type { JSONRPCResponse, RequestId } from '../json-rpc.ts'
import type { Answer } from './call-journal.ts'

/** A question of ours to the client, by which its answer is known wherever it comes in. */
export interface QuestionId {
  /** The stream on which it was asked. */
  stream: string
  /** Within the stream. */
  name: string
}

export function writeQuestionId ({ stream, name }: QuestionId): string {
  return `${stream}/${name}`
}

/** Which question a client answers; `undefined` for what we never ask. */
export function readQuestionId ({ id }: { id?: RequestId | undefined }): QuestionId | undefined {
  const [, stream, name] = /^([^/]+)\/(.+)$/s.exec(String(id)) ?? []
  return stream === undefined || name === undefined ? undefined : { stream, name }
}

/** Its error is the client's own affair. */
export function answerIn (response: JSONRPCResponse): Answer {
  return 'result' in response ? { result: response.result } : { error: true }
}
