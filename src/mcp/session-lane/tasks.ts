import { randomUUID } from 'node:crypto'
import type { Task } from '@modelcontextprotocol/sdk/types.js'
import { EVENT_LOG_LIMITS, type StreamRecord } from '../../store/event-log.ts'
import { refuse, type HttpReply, type HttpRequest } from '../http.ts'
import { ErrorCode, isObject, jsonRpcError, ProtocolError, type JSONRPCRequest } from '../json-rpc.ts'
import { noteCancel } from './call-journal.ts'
import { nameTaskResult, requestOf, taskOf, taskStream } from './event-id.ts'
import type { Streams } from './streams.ts'
import { newTask, seenFrom, toTask, type TaskView } from './task-state.ts'

/** Of the newest events, where the last step is looked for. */
const EVENTS_TO_LOOK_AT = 50

/**
 * Calls that a client doesn't wait for: it gets a task at once, and asks for its state and its result later. A task is a call like
 * all others, on a stream of its own, which whoever asks for its result reads.
 *
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/utilities/tasks
 */
export class Tasks {
  readonly #streams: Streams

  constructor (streams: Streams) {
    this.#streams = streams
  }

  /** What makes the call of a tool a task, and what answers the client: the call has the task's id instead of its own. */
  create ({ id, ...request }: JSONRPCRequest): { call: JSONRPCRequest, reply: HttpReply } {
    const taskId = randomUUID()
    const { task: _task, ...params } = request.params ?? {}
    return {
      call: { ...request, id: taskId, params },
      reply: { status: 200, headers: { 'mcp-session-id': this.#streams.key('').session }, body: { jsonrpc: '2.0', id, result: { task: newTask(taskId) } } }
    }
  }

  /**
   * @throws {ProtocolError} when there is no such task
   * @throws {StoreError}
   */
  async get (taskId: string): Promise<Task> {
    const record = await this.#find(taskId)
    return toTask(taskId, record, await this.#streams.options.log.newest(record, EVENTS_TO_LOOK_AT))
  }

  /**
   * @param stop ends the call, if it's worked on here
   * @throws {ProtocolError} when there is no such task, or it's over
   * @throws {StoreError}
   */
  async cancel (taskId: string, stop: () => void): Promise<Task> {
    const record = await this.#find(taskId)
    if (record.isEnded) throw new ProtocolError(ErrorCode.InvalidParams, 'The task is over: it can\'t be cancelled any more')
    const { options } = this.#streams
    await noteCancel(options.log, record.session, taskId)
    stop()
    options.bus.publish({ type: 'cancelled', session: record.session, request: taskId })
    return this.get(taskId)
  }

  /** Sends what a task has to say, to the end: its progress, its questions, its result. */
  async read ({ id, params }: JSONRPCRequest, http: HttpRequest, isPrimed: boolean): Promise<HttpReply> {
    const taskId = params?.['taskId']
    const name = nameTaskResult(String(taskId), id)
    if (name === undefined) return refuse(400, ErrorCode.InvalidRequest, 'Invalid Request: the id of tasks/result is too long')
    const { log } = this.#streams.options
    const key = this.#streams.key(name)
    const view = await this.view(name)
    if (view === undefined) return { status: 200, body: jsonRpcError(ErrorCode.InvalidParams, 'Unknown task', id) }
    const [first] = await log.newest(key, EVENT_LOG_LIMITS.eventsPerStream)
    const seq = first === undefined ? (await log.record(key))?.lastSeq ?? 0 : first.seq - 1
    if (await this.#streams.resume(name, http, seq, { isPrimed, view }) !== undefined) return 'streaming'
    return { status: 200, body: jsonRpcError(ErrorCode.InvalidParams, 'Nothing is known of the task any more', id) }
  }

  /** How a reader with this name sees the stream of a task: `undefined` when it's the name of no such reader, or the task is gone. */
  async view (name: string): Promise<TaskView | undefined> {
    const taskId = taskOf(name)
    const request = requestOf(name)
    if (taskId === undefined || request === undefined) return undefined
    const record = await this.#streams.options.log.record(this.#streams.key(name))
    return record === undefined ? undefined : seenFrom(record, taskId, request)
  }

  async #find (taskId: string): Promise<StreamRecord> {
    const record = await this.#streams.options.log.record(this.#streams.key(taskStream(taskId)))
    if (record === undefined) throw new ProtocolError(ErrorCode.InvalidParams, 'Unknown task')
    return record
  }
}

/** Whether the client wants a task instead of an answer. */
export function isTask ({ method, params }: JSONRPCRequest): boolean {
  return method === 'tools/call' && isObject(params?.['task'])
}
