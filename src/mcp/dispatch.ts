import type { CallToolResult, ServerResult } from '@modelcontextprotocol/sdk/types.js'
import type { Catalog } from './catalog.ts'
import { ErrorCode, isObject, ProtocolError } from './json-rpc.ts'
import { LOGGING_LEVELS, OperationAborted, ToolError, type LoggingLevel, type Operation } from './operation.ts'

/** How one MCP request ended. */
export interface OperationObservation {
  /** A method that is handled here, or `_OTHER`. */
  method: string
  /** Name of the registered tool, if one was called. */
  tool: string | null
  /** `tool_error`, why it was aborted, a JSON-RPC error code as text (-32603 for a fault of ours, also in a tool), or `null` when it went well. */
  errorType: string | null
  durationMs: number
  /** What a handler threw that wasn't meant for the client. */
  fault: unknown
  /** What is known of an error of a layer below, fit for a log. */
  details: Record<string, unknown> | null
  /** Who asked, and how. */
  operation: Operation
}

/** Watches operations, each from its start to its end. */
export interface OperationObserver {
  onStart (method: string): void
  onEnd (observation: OperationObservation): void
}

/** An error of a layer below, told to both sides. */
export interface Explanation {
  /** Fit for a model. */
  message: string
  /** Fit for a log: nothing that a client said. */
  details: Record<string, unknown>
}

export interface DispatchOptions {
  catalog: Catalog
  observer?: OperationObserver
  /** Turns an error of a layer below into words for the client and details for the log; `null` makes it a fault. */
  explain?: (error: unknown) => Explanation | null
}

/** An operation within a session, which remembers what its client wants. */
export interface SessionOperation extends Operation {
  setLogLevel (level: LoggingLevel): Promise<void>
}

export type Dispatch = (method: string, params: Record<string, unknown>, operation: SessionOperation) => Promise<ServerResult>

type Observed = Pick<OperationObservation, 'tool' | 'errorType' | 'fault' | 'details'>

type Handler = (params: Record<string, unknown>, operation: SessionOperation, observed: Observed) => Promise<ServerResult>

/**
 * Takes one MCP request to the catalog and its result back. The one place where an operation is observed.
 * The promise rejects with a {@link ProtocolError} only; a tool that fails is a result with `isError`.
 */
export function createDispatch ({ catalog, observer, explain = () => null }: DispatchOptions): Dispatch {
  const handlers = new Map<string, Handler>([
    ['ping', async () => ({})],
    ['logging/setLevel', setLogLevel],
    ['tools/list', async () => catalog.listTools()],
    ['tools/call', callTool]
  ])

  return async (method, params, operation) => {
    const handler = handlers.get(method)
    const label = handler === undefined ? '_OTHER' : method
    const observed: Observed = { tool: null, errorType: null, fault: null, details: null }
    const startedAt = performance.now()
    observer?.onStart(label)
    try {
      if (handler === undefined) throw new ProtocolError(ErrorCode.MethodNotFound, 'Method not found')
      return await handler(params, operation, observed)
    } catch (error) {
      const protocolError = toProtocolError(error, observed)
      observed.errorType = String(protocolError.code)
      throw protocolError
    } finally {
      const { reason, aborted } = operation.signal
      if (aborted) observed.errorType = reason instanceof OperationAborted ? reason.abortCause : 'cancelled'
      observer?.onEnd({ ...observed, method: label, operation, durationMs: performance.now() - startedAt })
    }
  }

  async function setLogLevel (params: Record<string, unknown>, operation: SessionOperation): Promise<ServerResult> {
    const level = LOGGING_LEVELS.find((known) => known === params['level'])
    if (level === undefined) throw new ProtocolError(ErrorCode.InvalidParams, `logging/setLevel needs a level: ${LOGGING_LEVELS.join(', ')}`)
    await operation.setLogLevel(level)
    return {}
  }

  async function callTool (params: Record<string, unknown>, operation: Operation, observed: Observed): Promise<CallToolResult> {
    const { name, arguments: args = {} } = params
    if (typeof name !== 'string') throw new ProtocolError(ErrorCode.InvalidParams, 'tools/call needs the name of a tool')
    if (!isObject(args)) throw new ProtocolError(ErrorCode.InvalidParams, 'The arguments of tools/call must be an object')
    const tool = catalog.tool(name)
    if (tool === undefined) throw new ProtocolError(ErrorCode.InvalidParams, `Unknown tool: ${name.slice(0, 128)}`)
    observed.tool = name
    if (!tool.checkInput(args)) return failed(`Invalid arguments for ${name}: ${catalog.describeFaults(tool.checkInput)}`, observed)

    try {
      const result = await tool.call(args, operation)
      if (result.isError === true) observed.errorType = 'tool_error'
      else if (tool.checkOutput !== undefined && !tool.checkOutput(result.structuredContent)) {
        throw new TypeError(`The result of ${name} doesn't match its output schema: ${catalog.describeFaults(tool.checkOutput)}`)
      }
      return result
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      if (error instanceof ToolError) return failed(error.message, observed, error.structured)
      if (operation.signal.aborted && operation.signal.reason instanceof OperationAborted) return failed(operation.signal.reason.message, observed)
      const explanation = explain(error)
      if (explanation !== null) {
        observed.details = explanation.details
        return failed(explanation.message, observed)
      }
      const result = failed(`The tool ${name} failed because of a fault in the server. The server's log has the details.`, observed)
      observed.fault = error
      observed.errorType = String(ErrorCode.InternalError)
      return result
    }
  }
}

function failed (message: string, observed: Observed, structured?: Record<string, unknown>): CallToolResult {
  observed.errorType = 'tool_error'
  return {
    content: [{ type: 'text', text: message }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    isError: true
  }
}

function toProtocolError (error: unknown, observed: Observed): ProtocolError {
  if (error instanceof ProtocolError) return error
  observed.fault = error
  return new ProtocolError(ErrorCode.InternalError, 'Internal error')
}
