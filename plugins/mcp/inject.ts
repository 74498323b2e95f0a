import type { CallToolResult, ServerResult } from '@modelcontextprotocol/sdk/types.js'
import type { Dispatch } from '../../src/mcp/dispatch.ts'
import { answersOf, isAnswer, MissingCapability, requireCapabilities, type InputRequest, type InputResponse } from '../../src/mcp/input.ts'
import { Interrupt } from '../../src/mcp/interrupt.ts'
import { ErrorCode, ProtocolError, requireJson } from '../../src/mcp/json-rpc.ts'
import { OperationAborted, ToolError, type ClientCapabilities, type LoggingLevel, type Progress } from '../../src/mcp/operation.ts'
import { toProgress } from '../../src/mcp/progress.ts'

export interface InjectOptions {
  /** Who asks. */
  caller?: string
  /** That of the operation on whose behalf this is done, if it is one. */
  credential?: object | null
  clientCapabilities?: ClientCapabilities
  signal?: AbortSignal
  /** What the client answers, by the key of the question. */
  answers?: Record<string, InputResponse>
  onProgress?: (progress: Progress) => void
}

export interface Injected<Result> {
  result: Result
  progress: Progress[]
  logs: Array<{ level: LoggingLevel, data: unknown }>
}

/**
 * Puts a request in without HTTP and without a client, for tests of plugins: it takes the way of any other from there on.
 * Rejects with a `ProtocolError`, as clients see it.
 */
export interface Inject {
  (method: 'tools/call', params: { name: string, arguments?: Record<string, unknown> }, options?: InjectOptions): Promise<Injected<CallToolResult>>
  (method: string, params?: Record<string, unknown>, options?: InjectOptions): Promise<Injected<ServerResult>>
}

export function createInject (dispatch: Dispatch): Inject {
  async function inject (method: string, params: Record<string, unknown> = {}, options: InjectOptions = {}): Promise<Injected<ServerResult>> {
    const { caller = 'anonymous', credential = null, clientCapabilities = {}, signal, answers = {}, onProgress = () => {} } = options
    const progress: Progress[] = []
    const logs: Injected<ServerResult>['logs'] = []
    const answer = <Request extends InputRequest>(key: string, request: Request): InputResponse<Request> => {
      const words = Object.hasOwn(answers, key) ? answers[key] : undefined
      if (words === undefined) throw new MissingCapability({ [request.method.split('/', 1)[0] ?? '']: {} })
      if (!isAnswer(request, words)) throw new ToolError(`What the test answers to "${key}" is no answer to it.`)
      return words
    }
    const interrupt = new Interrupt()
    // That of another operation says why, and what is done for it may go on elsewhere.
    const stop = (): void => { interrupt.abort(signal?.reason instanceof OperationAborted ? signal.reason.abortCause : 'cancelled') }
    if (signal?.aborted === true) stop()
    signal?.addEventListener('abort', stop)
    const injected = dispatch(method, params, {
      interrupt,
      signal: interrupt.signal,
      caller,
      credential,
      client: { name: 'inject', protocolVersion: '' },
      session: null,
      requestId: null,
      resumed: null,
      clientCapabilities,
      progress: async (words) => {
        const told = toProgress(words)
        progress.push(told)
        onProgress(told)
      },
      log: async (level, data) => { logs.push({ level, data }) },
      ask: async (key, request) => answer(key, request),
      askAll: async (requests) => answersOf(requests, Object.entries(requests).map(([key, request]) => answer(key, request))),
      once: async (_key, work) => requireJson(await work()),
      require: (capabilities) => { requireCapabilities(clientCapabilities, capabilities) },
      closeStream: async () => {},
      setLogLevel: async () => {},
      subscribe: async () => {},
      getTask: async () => { throw noTasks() },
      cancelTask: async () => { throw noTasks() }
    })
    const result = await injected.finally(() => { signal?.removeEventListener('abort', stop) })
    return { result, progress, logs }
  }
  // The result of tools/call is one: the catalog makes it.
  return inject as Inject
}

function noTasks (): ProtocolError {
  return new ProtocolError(ErrorCode.MethodNotFound, 'There are no tasks here')
}
