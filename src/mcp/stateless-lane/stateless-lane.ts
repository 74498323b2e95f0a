import { createMcpHandler, LOG_LEVEL_META_KEY, type McpHttpHandler, type ServerContext, type ServerEvent } from '@modelcontextprotocol/server'
import type { Bus } from '../../store/bus.ts'
import type { Change } from '../change.ts'
import { EventStream } from '../event-stream.ts'
import type { HttpReply, HttpRequest } from '../http.ts'
import { Interrupt } from '../interrupt.ts'
import { ErrorCode, isObject, isStringOrInteger, isToolCall, ProtocolError, toErrorObject } from '../json-rpc.ts'
import { LOGGING_LEVELS, type AbortCause } from '../operation.ts'
import type { CallOptions, Line } from './call.ts'
import { Legs, type LegsOptions } from './legs.ts'
import { PlainReply } from './plain-reply.ts'
import { PlainRequests, type PlainRequest } from './plain-request.ts'
import { createServerFactory, type StatelessServerOptions } from './server.ts'
import { toWireResult } from './wire-result.ts'

export interface StatelessLaneOptions extends LegsOptions, Omit<StatelessServerOptions, 'legs' | 'callOptions' | 'onEnd'> {
  /** Where changes are told. */
  changes: Bus<Change>
  /** Whether a tool usually takes long: its reply is an event stream from the first moment. */
  isLongRunning: (tool: string) => boolean
  /** After how long without an answer any other reply becomes an event stream, so that no proxy or client gives up on it. */
  upgradeAfterMs: number
  /** Time between two comments on a silent event stream. */
  keepAliveMs: number
  /** A fault of the protocol layer. The words have no content of a message. */
  onFault: (words: string) => void
}

const LISTEN = 'subscriptions/listen'
/** Nobody reads it. */
const CLIENT_CLOSED_REQUEST = { status: 499 }

/**
 * Serves the revision of MCP that has no sessions, 2026-07-28: each POST says all that there is to know.
 * A client that closes the connection has cancelled the call.
 *
 * What clients send from day to day goes straight to the catalog. Everything else is the SDK's: what is malformed, what asks what the
 * server is and can, what brings answers to questions, streams of notices. Its handler makes objects of the web for each request,
 * and checks what was checked before, which takes several times as long as the rest.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
export class StatelessLane {
  readonly #options: StatelessLaneOptions
  readonly #legs: Legs
  readonly #plainRequests = new PlainRequests()
  readonly #handler: McpHttpHandler
  readonly #streamingHandler: McpHttpHandler
  /** Calls whose handler runs. */
  readonly #running = new Set<CallOptions>()
  /** Of what the SDK serves, who asks. */
  readonly #asked = new WeakMap<Request, HttpRequest>()
  /** Streams on which nothing but notices of changes come. */
  readonly #listening = new Set<AbortController>()

  constructor (options: StatelessLaneOptions) {
    this.#options = options
    this.#legs = new Legs(options)
    const factory = createServerFactory({
      ...options,
      legs: this.#legs,
      callOptions: (context) => this.#callOptions(context),
      onEnd: (call) => { this.#running.delete(call) }
    })
    const bus = {
      publish: (event: ServerEvent) => { options.changes.publish(toChange(event)) },
      subscribe: (listener: (event: ServerEvent) => void) => options.changes.subscribe((change) => { listener(toServerEvent(change)) })
    }
    const common = {
      legacy: 'reject',
      bus,
      // Comments are ours: they begin before the SDK knows of any stream.
      keepAliveMs: 0,
      // What follows the first colon may quote a message of the client.
      onerror: (error: Error) => { options.onFault(error.message.split(':', 1)[0] ?? '') }
    } as const
    this.#handler = createMcpHandler(factory, common)
    this.#streamingHandler = createMcpHandler(factory, { ...common, responseMode: 'sse' })
  }

  /** Serves a request in which there is nothing to doubt; `undefined` for any other, whoever it's for. */
  postPlain (http: HttpRequest): Promise<HttpReply> | undefined {
    const plain = this.#plainRequests.read(http)
    return plain === undefined ? undefined : this.#serve(plain, http)
  }

  /** Has the SDK serve a request of this revision. */
  async post (http: HttpRequest): Promise<HttpReply> {
    const connection = new AbortController()
    let isAnswered = false
    if (isObject(http.body) && http.body['method'] === LISTEN) this.#listening.add(connection)
    http.onClose(() => {
      // An abort that nobody hears costs as much as the rest of a quick call.
      if (!isAnswered) connection.abort()
      this.#listening.delete(connection)
    })
    if (connection.signal.aborted) return CLIENT_CLOSED_REQUEST
    try {
      const reply = await this.#answer(http, connection.signal)
      isAnswered = reply !== 'streaming'
      return reply
    } catch (error) {
      if (connection.signal.aborted) return CLIENT_CLOSED_REQUEST
      throw error
    }
  }

  /** Ends the streams on which nothing but notices would come. */
  stopListening (): void {
    for (const connection of this.#listening) connection.abort()
  }

  /** Tells all running calls to stop; their answers still reach the clients. */
  abortRunning (cause: AbortCause): void {
    for (const { interrupt } of this.#running) interrupt.abort(cause)
  }

  async close (): Promise<void> {
    this.abortRunning('shutdown')
    await Promise.all([this.#handler.close(), this.#streamingHandler.close()])
  }

  async #serve (request: PlainRequest, http: HttpRequest): Promise<HttpReply> {
    const call = toCallOptions(http)
    const reply = new PlainReply(http, this.#options)
    this.#running.add(call)
    http.onClose(() => {
      if (this.#running.has(call)) call.interrupt.abort('cancelled')
      reply.abandon(CLIENT_CLOSED_REQUEST)
    })
    if (call.interrupt.reason !== undefined) {
      this.#running.delete(call)
      return reply.reply
    }
    if (isToolCall(request, this.#options.isLongRunning)) reply.becomeStream()
    this.#work(request, call, reply).catch(() => { this.#options.onFault('an answer could not be sent') })
    return reply.reply
  }

  async #work ({ id, method, params, envelope }: PlainRequest, call: CallOptions, reply: PlainReply): Promise<void> {
    try {
      const result = await this.#legs.work(method, params, toLine(params, envelope, reply), call)
      reply.answer({ jsonrpc: '2.0', id, result: toWireResult(method, result, this.#options.serverInfo) })
    } catch (error) {
      if (!(error instanceof ProtocolError)) this.#options.onFault('a request could not be worked on')
      const { code, ...words } = toErrorObject(error)
      const isRefused = code === ErrorCode.MissingClientCapability
      reply.answer({ jsonrpc: '2.0', id, error: { code: code === ErrorCode.ResourceNotFound ? ErrorCode.InvalidParams : code, ...words } }, isRefused ? 400 : 200)
    } finally {
      this.#running.delete(call)
    }
  }

  async #answer (http: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    const handler = isToolCall(http.body, this.#options.isLongRunning) ? this.#streamingHandler : this.#handler
    const request = new Request('http://localhost/mcp', { method: 'POST', headers: toHeaders(http), signal })
    this.#asked.set(request, http)
    const answering = handler.fetch(request, { parsedBody: http.body })
    const quick = await withinMs(answering, this.#options.upgradeAfterMs)
    if (quick !== undefined && !isEventStream(quick)) {
      return { status: quick.status, headers: Object.fromEntries(quick.headers), json: await quick.text() }
    }
    const stream = new EventStream(http, {}, this.#options.keepAliveMs)
    this.#relay(answering, stream).catch(() => { this.#options.onFault('an answer could not be relayed') }).finally(() => { stream.end() })
    return 'streaming'
  }

  /** Passes on what the SDK answers, be it a stream or, too late for it, plain JSON. */
  async #relay (answering: Promise<Response>, stream: EventStream): Promise<void> {
    const response = await answering
    if (!isEventStream(response)) {
      stream.send(await response.text())
      return
    }
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) stream.relay(decoder.decode(chunk, { stream: true }))
  }

  #callOptions ({ mcpReq, http }: ServerContext): CallOptions {
    const asked = http?.req === undefined ? undefined : this.#asked.get(http.req)
    if (asked === undefined) throw new TypeError('The SDK made up a request')
    const call = toCallOptions(asked)
    mcpReq.signal.addEventListener('abort', () => { call.interrupt.abort('cancelled') }, { once: true })
    this.#running.add(call)
    return call
  }
}

function toCallOptions ({ caller, credential, requestId, onOperation }: HttpRequest): CallOptions {
  return { caller, credential, requestId, onOperation, interrupt: new Interrupt() }
}

/** A first leg brings no answers. */
function toLine (params: Record<string, unknown>, envelope: Record<string, unknown>, reply: PlainReply): Line {
  const meta = isObject(params['_meta']) ? params['_meta'] : {}
  const token = meta['progressToken']
  const threshold = LOGGING_LEVELS.findIndex((level) => level === envelope[LOG_LEVEL_META_KEY])
  return {
    envelope,
    progressToken: isStringOrInteger(token) ? token : undefined,
    requestState: undefined,
    inputResponses: {},
    notify: async ({ method, params }) => { reply.notify({ jsonrpc: '2.0', method, params: { ...params } }) },
    log: async (level, data, logger) => {
      if (threshold < 0 || LOGGING_LEVELS.indexOf(level) < threshold) return
      reply.notify({ jsonrpc: '2.0', method: 'notifications/message', params: { level, data, ...(logger === undefined ? {} : { logger }) } })
    }
  }
}

/** Who asks is known already: nothing behind here may pass the credential on. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie']

/** The client's own headers. */
function toHeaders ({ headers }: HttpRequest): Headers {
  const copy = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (CREDENTIALS.includes(name)) continue
    for (const word of Array.isArray(value) ? value : [value]) if (word !== undefined) copy.append(name, word)
  }
  return copy
}

/** What the promise resolves to, or `undefined` when that takes longer. */
async function withinMs<Value> (promise: Promise<Value>, ms: number): Promise<Value | undefined> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<undefined>((resolve) => { timer = setTimeout(() => { resolve(undefined) }, ms) })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function isEventStream (response: Response): boolean {
  return response.headers.get('content-type')?.startsWith('text/event-stream') === true
}

function toServerEvent (change: Change): ServerEvent {
  return 'list' in change ? { kind: `${change.list}_list_changed` } : { kind: 'resource_updated', uri: change.resource }
}

function toChange (event: ServerEvent): Change {
  switch (event.kind) {
    case 'resource_updated':
      return { resource: event.uri }
    case 'tools_list_changed':
      return { list: 'tools' }
    case 'prompts_list_changed':
      return { list: 'prompts' }
    default:
      return { list: 'resources' }
  }
}
