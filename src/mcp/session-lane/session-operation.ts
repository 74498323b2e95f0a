import type { ServerNotification, Task } from '@modelcontextprotocol/sdk/types.js'
import { answersOf, isAnswer, requireAnswerable, requireCapabilities, type InputRequest, type InputResponse } from '../input.ts'
import type { Interrupt } from '../interrupt.ts'
import { requireJson, type JSONRPCRequest, type RequestId } from '../json-rpc.ts'
import { OperationAborted, ToolError, type SessionOperation } from '../operation.ts'
import { createProgress } from '../progress.ts'
import type { ClientWishes } from './client-wishes.ts'
import type { Exchange } from './exchange.ts'
import type { ClientDescription } from './handshake.ts'
import { toResumed, type PickedUp } from './picked-up.ts'
import { writeQuestionId } from './question.ts'

/** What an operation takes from its session. */
export interface SessionView extends ClientDescription {
  readonly caller: string
  readonly credential: object | null
  /** Stands for it in logs. */
  readonly name: string
  readonly protocolVersion: string
  readonly wishes: ClientWishes
  getTask (taskId: string): Promise<Task>
  cancelTask (taskId: string): Promise<Task>
}

/** One request of a client, being worked on. */
export interface SessionRequest {
  request: JSONRPCRequest
  /** Stands for the HTTP request in logs; `null` for one that came to another process. */
  requestId: string | null
  interrupt: Interrupt
  /** With what it came. */
  exchange: Exchange
  /** Sends a notification that belongs to the request. It need not wait until that is in the log: the order is kept. */
  notify: (notification: ServerNotification) => void
  /** What another process left of it. */
  pickedUp: PickedUp | undefined
}

const NO_ANSWER = 'The client answered a question with an error, or with something that is no answer to it.'

/** The line to the client, for a handler that works on a request within a session. */
export function createSessionOperation (session: SessionView, { request, requestId, interrupt, exchange, notify, pickedUp }: SessionRequest): SessionOperation {
  const { caller, credential, client, protocolVersion, capabilities, wishes } = session
  const token = request.params?._meta?.progressToken
  const resumed = pickedUp === undefined ? null : toResumed(pickedUp, token)
  // Several requests of one POST share a journal.
  const nameOf = (key: string): string => `${exchange.requests.findIndex(({ id }) => id === request.id)}/${key}`

  async function ask<Request extends InputRequest> (key: string, question: Request, options: { signal?: AbortSignal } = {}): Promise<InputResponse<Request>> {
    requireAnswerable(capabilities, [question])
    const journal = await exchange.journal()
    // Nobody is there to be asked, and nobody will come back.
    if (journal === undefined) throw new OperationAborted('cancelled')
    const name = nameOf(key)
    const id = writeQuestionId({ stream: exchange.stream, name })
    const isNew = await journal.ask(name)
    if (isNew || pickedUp?.questions.has(id) === false) await exchange.notify({ jsonrpc: '2.0', id, ...question })
    const answer = await withdrawing(id, journal.answerTo(name, AbortSignal.any([interrupt.signal, ...(options.signal === undefined ? [] : [options.signal])])))
    if ('result' in answer && isAnswer(question, answer.result)) return answer.result
    throw new ToolError(NO_ANSWER)
  }

  /** A client need not show a question any more that nobody waits for. */
  async function withdrawing<Result> (id: RequestId, waiting: Promise<Result>): Promise<Result> {
    try {
      return await waiting
    } catch (error) {
      if (interrupt.reason?.abortCause !== 'moved') await exchange.notify({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: id } })
      throw error
    }
  }

  return {
    interrupt,
    signal: interrupt.signal,
    caller,
    credential,
    client: { name: client.name, protocolVersion },
    session: session.name,
    requestId,
    clientCapabilities: capabilities,
    resumed,
    progress: createProgress(token, interrupt, async (notification) => { notify(notification) }, resumed?.progress?.progress),
    log: async (level, data, logger) => {
      if (interrupt.reason !== undefined || !wishes.wantsLog(level)) return
      requireJson(data)
      notify({ method: 'notifications/message', params: { level, data, ...(logger === undefined ? {} : { logger }) } })
    },
    ask,
    askAll: async (requests) => {
      requireAnswerable(capabilities, Object.values(requests))
      return answersOf(requests, await Promise.all(Object.entries(requests).map(([key, question]) => ask(key, question))))
    },
    once: async (key, work, { isRepeatable = false } = {}) => {
      const journal = await exchange.journal()
      const result = async () => requireJson(await work())
      return journal === undefined ? result() : journal.once(nameOf(key), result, isRepeatable)
    },
    require: (required) => { requireCapabilities(capabilities, required) },
    closeStream: async () => { exchange.closeConnection() },
    setLogLevel: (level) => wishes.setLogLevel(level),
    subscribe: (uri, wanted) => wishes.subscribe(uri, wanted),
    getTask: (taskId) => session.getTask(taskId),
    cancelTask: (taskId) => session.cancelTask(taskId)
  }
}
