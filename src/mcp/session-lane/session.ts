import { createHash } from 'node:crypto'
import { Server } from '@modelcontextprotocol/sdk/server/index.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import {
  CancelledNotificationSchema,
  type Implementation, type ServerCapabilities, type ServerNotification, type ServerRequest
} from '@modelcontextprotocol/sdk/types.js'
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/sdk/validation/ajv-provider.js'
import type { SessionWishes } from '../../store/session-store.ts'
import { toNotification, type Change } from '../change.ts'
import type { Dispatch } from '../dispatch.ts'
import { REQUEST_ID_HEADER, type HttpReply, type HttpRequest } from '../http.ts'
import { answersOf, INPUT_RESPONSE_SCHEMAS, isAnswer, requireAnswerable, requireCapabilities, type InputRequest, type InputResponse } from '../input.ts'
import { ErrorCode, isObject, ProtocolError, requireJson, type JSONRPCMessage, type JSONRPCRequest, type RequestId } from '../json-rpc.ts'
import { LOGGING_LEVELS, OperationAborted, ToolError, type AbortCause, type LoggingLevel, type SessionOperation } from '../operation.ts'
import { createProgress } from '../progress.ts'
import { SessionTransport, type TransportOptions } from './transport.ts'

/** What all sessions share. */
export interface SessionContext {
  serverInfo: Implementation
  capabilities: ServerCapabilities
  instructions: string
  dispatch: Dispatch
  transport: TransportOptions
  /** Remembers what the client of a session asked for. */
  save: (sessionId: string, wishes: Partial<SessionWishes>) => Promise<void>
  /** A fault of the protocol layer. The words have no content of a message. */
  onFault: (words: string) => void
}

/** What is known of a session before its first request in this process. */
export interface SessionIdentity extends SessionWishes {
  id: string
  caller: string
  protocolVersion: string
}

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

/** What is sent when the client never asked for a level: more would be noise. */
const DEFAULT_LOG_LEVEL: LoggingLevel = 'info'

/** People take their time. The longest that Node's timers know; the operation itself may end earlier. */
const ASK_TIMEOUT_MS = 2 ** 31 - 1

const NO_ANSWER = 'The client answered a question with an error, or with something that is no answer to it.'

/** They are kept for as long as the session lives. */
const SUBSCRIPTION_LIMIT = 1000

/** Shared, because each SDK server would make its own otherwise, at 17 KB and 150 us. */
const jsonSchemaValidator = new AjvJsonSchemaValidator()

/** The live half of a session: the SDK's `Server` behind our transport, and the requests that are running. */
export class Session {
  readonly id: string
  readonly caller: string
  readonly #server: Server
  readonly #transport: SessionTransport
  readonly #context: SessionContext
  readonly #protocolVersion: string
  /** A hash, since whoever knows the id can join the session. */
  readonly #nameInLogs: string
  readonly #running = new Map<RequestId, AbortController>()
  readonly #subscriptions: Set<string>
  #logLevel: LoggingLevel
  #lastUsedAt = Date.now()

  constructor (identity: SessionIdentity, context: SessionContext) {
    this.id = identity.id
    this.caller = identity.caller
    this.#protocolVersion = identity.protocolVersion
    this.#nameInLogs = createHash('sha256').update(identity.id).digest('hex').slice(0, 12)
    this.#logLevel = LOGGING_LEVELS.find((level) => level === identity.logLevel) ?? DEFAULT_LOG_LEVEL
    this.#subscriptions = new Set(identity.subscriptions)
    this.#context = context
    this.#transport = new SessionTransport(identity.id, identity.protocolVersion, context.transport)
    this.#server = new Server(context.serverInfo, {
      capabilities: context.capabilities, instructions: context.instructions, jsonSchemaValidator
    })
    // The SDK would answer these itself, unseen by whoever watches `dispatch`.
    this.#server.removeRequestHandler('ping')
    this.#server.removeRequestHandler('logging/setLevel')
    this.#server.fallbackRequestHandler = (request, extra) => this.#handle(request, extra)
    // The SDK's own handler passes over a request whose id is 0, and can't tell a handler why it was aborted.
    this.#server.setNotificationHandler(CancelledNotificationSchema, ({ params }) => { this.#cancel(params.requestId) })
    // What follows the first colon may quote a message of the client.
    this.#server.onerror = (error) => { context.onFault(error.message.split(':', 1)[0] ?? '') }
  }

  async connect (): Promise<void> {
    await this.#server.connect(this.#transport)
  }

  /** Brings a stored session back: the client's `initialize` is handled again, its answer stays here. */
  async restore (initialize: Record<string, unknown>): Promise<void> {
    await this.#transport.replay({ jsonrpc: '2.0', id: 'restore', method: 'initialize', params: initialize })
  }

  /** When the last request came or ended, in milliseconds since the epoch. */
  get lastUsedAt (): number {
    return this.#lastUsedAt
  }

  markUsed (): void {
    this.#lastUsedAt = Date.now()
  }

  get isRunning (): boolean {
    return this.#running.size > 0
  }

  get isListening (): boolean {
    return this.#transport.isListening
  }

  isPending (id: RequestId): boolean {
    return this.#transport.isPending(id) || this.#running.has(id)
  }

  async post (messages: readonly JSONRPCMessage[], http: HttpRequest): Promise<HttpReply> {
    return this.#transport.post(messages, http)
  }

  listen (http: HttpRequest): HttpReply {
    return this.#transport.listen(http)
  }

  async resume (http: HttpRequest, eventId: string): Promise<HttpReply> {
    return this.#transport.resume(http, eventId)
  }

  /** Tells the client of a change, if it listens and wants to know. */
  async tell (change: Change): Promise<void> {
    if ('resource' in change && !this.#subscriptions.has(change.resource)) return
    await this.#server.notification(toNotification(change))
  }

  stopListening (): void {
    this.#transport.stopListening()
  }

  /** Tells what is running to stop. Answers still reach the client. */
  abortRunning (cause: AbortCause): void {
    for (const controller of this.#running.values()) controller.abort(new OperationAborted(cause))
  }

  /** Ends the live half: aborts what is running, answers it with an error, and ends all streams. The stored half is not touched. */
  async close (cause: AbortCause): Promise<void> {
    this.abortRunning(cause)
    this.#transport.refusePending(new OperationAborted(cause).message)
    await this.#server.close()
  }

  async #handle (request: JSONRPCRequest, extra: Extra) {
    // Its cancel came with it, in one batch: nobody waits for it any more.
    if (!this.#transport.isPending(request.id)) throw new OperationAborted('cancelled')
    const controller = new AbortController()
    this.#running.set(request.id, controller)
    try {
      const params = isObject(request.params) ? request.params : {}
      return await this.#context.dispatch(request.method, params, this.#operation(controller.signal, extra))
    } finally {
      if (this.#running.get(request.id) === controller) this.#running.delete(request.id)
      this.markUsed()
    }
  }

  #operation (signal: AbortSignal, extra: Extra): SessionOperation {
    const clientCapabilities = this.#server.getClientCapabilities() ?? {}
    const ask = async <Request extends InputRequest>(request: Request): Promise<InputResponse<Request>> => {
      requireAnswerable(clientCapabilities, [request])
      const answer: unknown = await extra.sendRequest(request, INPUT_RESPONSE_SCHEMAS[request.method], { timeout: ASK_TIMEOUT_MS, signal }).catch((error: unknown) => {
        // Its error, or words that the schema refuses, are the client's fault and not the handler's.
        throw signal.aborted ? error : new ToolError(NO_ANSWER, { cause: error })
      })
      if (isAnswer(request, answer)) return answer
      throw new ToolError(NO_ANSWER)
    }
    return {
      signal,
      caller: this.caller,
      client: { name: this.#server.getClientVersion()?.name ?? '', protocolVersion: this.#protocolVersion },
      session: this.#nameInLogs,
      requestId: headerOf(extra, REQUEST_ID_HEADER),
      clientCapabilities,
      progress: createProgress(extra._meta?.progressToken, signal, extra.sendNotification),
      log: async (level, data, logger) => {
        if (signal.aborted || LOGGING_LEVELS.indexOf(level) < LOGGING_LEVELS.indexOf(this.#logLevel)) return
        requireJson(data)
        await extra.sendNotification({ method: 'notifications/message', params: { level, data, ...(logger === undefined ? {} : { logger }) } })
      },
      ask: async (_key, request) => ask(request),
      askAll: async (requests) => {
        requireAnswerable(clientCapabilities, Object.values(requests))
        return answersOf(requests, await Promise.all(Object.values(requests).map(ask)))
      },
      // The handler runs once, and waits where it asks.
      once: async (_key, work) => requireJson(await work()),
      require: (capabilities) => { requireCapabilities(clientCapabilities, capabilities) },
      closeStream: async () => { extra.closeSSEStream?.() },
      setLogLevel: async (level) => {
        this.#logLevel = level
        await this.#context.save(this.id, { logLevel: level })
      },
      subscribe: async (uri, wanted) => {
        if (wanted && !this.#subscriptions.has(uri) && this.#subscriptions.size >= SUBSCRIPTION_LIMIT) throw new ProtocolError(ErrorCode.Refused, `A session may have ${SUBSCRIPTION_LIMIT} subscriptions`)
        if (wanted) this.#subscriptions.add(uri)
        else this.#subscriptions.delete(uri)
        await this.#context.save(this.id, { subscriptions: [...this.#subscriptions] })
      }
    }
  }

  #cancel (id: RequestId | undefined): void {
    if (id === undefined) return
    this.#running.get(id)?.abort(new OperationAborted('cancelled'))
    this.#transport.abandon(id)
  }
}

function headerOf (extra: Extra, name: string): string | null {
  const value = extra.requestInfo?.headers[name]
  return typeof value === 'string' ? value : null
}
