import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import type { Implementation, ServerNotification, ServerRequest, Task } from '@modelcontextprotocol/sdk/types.js'
import { REQUEST_ID_HEADER } from '../http.ts'
import { answersOf, isAnswer, requireAnswerable, requireCapabilities, type InputRequest, type InputResponse } from '../input.ts'
import { requireJson, type RequestId } from '../json-rpc.ts'
import { OperationAborted, ToolError, type ClientCapabilities, type SessionOperation } from '../operation.ts'
import { createProgress } from '../progress.ts'
import type { ClientWishes } from './client-wishes.ts'
import type { Exchange } from './exchange.ts'
import { toResumed, type PickedUp } from './picked-up.ts'
import { writeQuestionId } from './question.ts'

export type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

/** What an operation takes from its session. */
export interface SessionView {
  readonly caller: string
  readonly credential: object | null
  /** Stands for it in logs. */
  readonly name: string
  readonly client: Implementation | undefined
  readonly protocolVersion: string
  readonly capabilities: ClientCapabilities
  readonly wishes: ClientWishes
  getTask (taskId: string): Promise<Task>
  cancelTask (taskId: string): Promise<Task>
}

/** One request of a client, being worked on. */
export interface SessionRequest {
  extra: Extra
  signal: AbortSignal
  /** `undefined` for one that nobody could come back to. */
  exchange: Exchange | undefined
  /** What another process left of it. */
  pickedUp: PickedUp | undefined
}

const NO_ANSWER = 'The client answered a question with an error, or with something that is no answer to it.'

/** The line to the client, for a handler that works on a request within a session. */
export function createSessionOperation (session: SessionView, { extra, signal, exchange, pickedUp }: SessionRequest): SessionOperation {
  const { caller, credential, client, protocolVersion, capabilities, wishes } = session
  const token = extra._meta?.progressToken
  const resumed = pickedUp === undefined ? null : toResumed(pickedUp, token)
  // Several requests of one POST share a journal.
  const nameOf = (key: string): string => `${exchange?.requests.findIndex(({ id }) => id === extra.requestId) ?? 0}/${key}`

  async function ask<Request extends InputRequest> (key: string, request: Request, options: { signal?: AbortSignal } = {}): Promise<InputResponse<Request>> {
    requireAnswerable(capabilities, [request])
    const journal = await exchange?.journal()
    // Nobody is there to be asked, and nobody will come back.
    if (journal === undefined || exchange === undefined) throw new OperationAborted('cancelled')
    const name = nameOf(key)
    const id = writeQuestionId({ stream: exchange.stream, name })
    const isNew = await journal.ask(name)
    if (isNew || pickedUp?.questions.has(id) === false) await exchange.notify({ jsonrpc: '2.0', id, ...request })
    const answer = await withdrawing(id, journal.answerTo(name, AbortSignal.any([signal, ...(options.signal === undefined ? [] : [options.signal])])))
    if ('result' in answer && isAnswer(request, answer.result)) return answer.result
    throw new ToolError(NO_ANSWER)
  }

  /** A client need not show a question any more that nobody waits for. */
  async function withdrawing<Result> (id: RequestId, waiting: Promise<Result>): Promise<Result> {
    try {
      return await waiting
    } catch (error) {
      if (!isMoved(signal)) await exchange?.notify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
      throw error
    }
  }

  return {
    signal,
    caller,
    credential,
    client: { name: client?.name ?? '', protocolVersion },
    session: session.name,
    requestId: headerOf(extra, REQUEST_ID_HEADER),
    clientCapabilities: capabilities,
    resumed,
    progress: createProgress(token, signal, extra.sendNotification, resumed?.progress?.progress),
    log: async (level, data, logger) => {
      if (signal.aborted || !wishes.wantsLog(level)) return
      requireJson(data)
      await extra.sendNotification({ method: 'notifications/message', params: { level, data, ...(logger === undefined ? {} : { logger }) } })
    },
    ask,
    askAll: async (requests) => {
      requireAnswerable(capabilities, Object.values(requests))
      return answersOf(requests, await Promise.all(Object.entries(requests).map(([key, request]) => ask(key, request))))
    },
    once: async (key, work, { isRepeatable = false } = {}) => {
      const journal = await exchange?.journal()
      const result = async () => requireJson(await work())
      return journal === undefined ? result() : journal.once(nameOf(key), result, isRepeatable)
    },
    require: (required) => { requireCapabilities(capabilities, required) },
    closeStream: async () => { extra.closeSSEStream?.() },
    setLogLevel: (level) => wishes.setLogLevel(level),
    subscribe: (uri, wanted) => wishes.subscribe(uri, wanted),
    getTask: (taskId) => session.getTask(taskId),
    cancelTask: (taskId) => session.cancelTask(taskId)
  }
}

function isMoved ({ reason }: AbortSignal): boolean {
  return reason instanceof OperationAborted && reason.abortCause === 'moved'
}

function headerOf (extra: Extra, name: string): string | null {
  const value = extra.requestInfo?.headers[name]
  return typeof value === 'string' && value !== '' ? value : null
}
