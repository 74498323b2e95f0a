import { createMcpHandler, type McpHttpHandler, type ServerContext, type ServerEvent } from '@modelcontextprotocol/server'
import type { Bus } from '../../store/bus.ts'
import type { Change } from '../change.ts'
import { EventStream } from '../event-stream.ts'
import { REQUEST_ID_HEADER, type HttpReply, type HttpRequest } from '../http.ts'
import { isObject, isToolCall } from '../json-rpc.ts'
import { OperationAborted, type AbortCause } from '../operation.ts'
import type { CallOptions } from './call.ts'
import { createServerFactory, type StatelessServerOptions } from './server.ts'

export interface StatelessLaneOptions extends Omit<StatelessServerOptions, 'callOptions' | 'onEnd'> {
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
const CLIENT_CLOSED_REQUEST = 499

/**
 * Serves the revision of MCP that has no sessions, 2026-07-28: each POST says all that there is to know.
 * A client that closes the connection has cancelled the call.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/transports/streamable-http
 */
export class StatelessLane {
  readonly #options: StatelessLaneOptions
  readonly #handler: McpHttpHandler
  readonly #streamingHandler: McpHttpHandler
  /** Calls whose handler runs, and what ends them. */
  readonly #running = new Map<CallOptions, AbortController>()
  /** Streams on which nothing but notices of changes come. */
  readonly #listening = new Set<AbortController>()

  constructor (options: StatelessLaneOptions) {
    this.#options = options
    const factory = createServerFactory({
      ...options,
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

  async post (http: HttpRequest): Promise<HttpReply> {
    const connection = new AbortController()
    let isAnswered = false
    if (isObject(http.body) && http.body['method'] === LISTEN) this.#listening.add(connection)
    http.onClose(() => {
      // An abort that nobody hears costs as much as the rest of a quick call.
      if (!isAnswered) connection.abort()
      this.#listening.delete(connection)
    })
    if (connection.signal.aborted) return { status: CLIENT_CLOSED_REQUEST }
    try {
      const reply = await this.#answer(http, connection.signal)
      isAnswered = reply !== 'streaming'
      return reply
    } catch (error) {
      if (connection.signal.aborted) return { status: CLIENT_CLOSED_REQUEST }
      throw error
    }
  }

  /** Ends the streams on which nothing but notices would come. */
  stopListening (): void {
    for (const connection of this.#listening) connection.abort()
  }

  /** Tells all running calls to stop; their answers still reach the clients. */
  abortRunning (cause: AbortCause): void {
    for (const controller of this.#running.values()) controller.abort(new OperationAborted(cause))
  }

  async close (): Promise<void> {
    this.abortRunning('shutdown')
    await Promise.all([this.#handler.close(), this.#streamingHandler.close()])
  }

  async #answer (http: HttpRequest, signal: AbortSignal): Promise<HttpReply> {
    const handler = isToolCall(http.body, this.#options.isLongRunning) ? this.#streamingHandler : this.#handler
    const request = new Request('http://localhost/mcp', { method: 'POST', headers: toHeaders(http), signal })
    const answering = handler.fetch(request, {
      parsedBody: http.body,
      authInfo: { token: '', clientId: http.caller, scopes: [], extra: { credential: http.credential } }
    })
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
    const controller = new AbortController()
    mcpReq.signal.addEventListener('abort', () => { controller.abort(new OperationAborted('cancelled')) }, { once: true })
    const { clientId: caller = '', extra } = http?.authInfo ?? {}
    const credential = isObject(extra?.['credential']) ? extra['credential'] : null
    const call = { caller, credential, requestId: http?.req?.headers.get(REQUEST_ID_HEADER) ?? null, signal: controller.signal }
    this.#running.set(call, controller)
    return call
  }
}

/** Who asks is known already: nothing behind here may pass the credential on. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie']

/** The client's own headers, and under which name our logs know the request. */
function toHeaders ({ headers, requestId }: HttpRequest): Headers {
  const copy = new Headers()
  for (const [name, value] of Object.entries(headers)) {
    if (CREDENTIALS.includes(name)) continue
    for (const word of Array.isArray(value) ? value : [value]) if (word !== undefined) copy.append(name, word)
  }
  copy.set(REQUEST_ID_HEADER, requestId)
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
