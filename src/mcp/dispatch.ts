import type { CallToolResult, ServerResult } from '@modelcontextprotocol/sdk/types.js'
import type { Catalog } from './catalog.ts'
import { ErrorCode, isObject, ProtocolError } from './json-rpc.ts'
import { OperationAborted, ToolError, type Operation } from './operation.ts'

/** How one MCP request ended. */
export interface OperationObservation {
  /** A method of MCP, or `_OTHER`. */
  method: string
  /** Name of the registered tool, if one was called. */
  tool: string | null
  /** `tool_error`, `cancelled`, a JSON-RPC error code as text, or `null` when it went well. */
  errorType: string | null
  durationMs: number
  /** What a handler threw that wasn't meant for the client. */
  fault: unknown
}

export interface DispatchOptions {
  catalog: Catalog
  /** Called once for each request, when it has ended. */
  observe?: (observation: OperationObservation) => void
  /** Turns an error of a layer below into words for the client; `null` keeps it inside. */
  explain?: (error: unknown) => string | null
}

export type Dispatch = (method: string, params: Record<string, unknown>, operation: Operation) => Promise<ServerResult>

type Observed = Pick<OperationObservation, 'method' | 'tool' | 'errorType' | 'fault'>

/**
 * Takes one MCP request to the catalog and its result back. The one place where an operation is observed.
 * The promise rejects with a {@link ProtocolError} only; a tool that fails is a result with `isError`.
 */
export function createDispatch ({ catalog, observe = () => {}, explain = () => null }: DispatchOptions): Dispatch {
  return async (method, params, operation) => {
    const observed: Observed = { method: '_OTHER', tool: null, errorType: null, fault: null }
    const startedAt = performance.now()
    try {
      return await handle(method, params, operation, observed)
    } catch (error) {
      const protocolError = toProtocolError(error, observed)
      observed.errorType = String(protocolError.code)
      throw protocolError
    } finally {
      if (operation.signal.aborted) observed.errorType = 'cancelled'
      observe({ ...observed, durationMs: performance.now() - startedAt })
    }
  }

  async function handle (method: string, params: Record<string, unknown>, operation: Operation, observed: Observed): Promise<ServerResult> {
    switch (method) {
      case 'tools/list':
        observed.method = method
        return catalog.listTools()
      case 'tools/call':
        observed.method = method
        return callTool(params, operation, observed)
      default:
        throw new ProtocolError(ErrorCode.MethodNotFound, 'Method not found')
    }
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
      if (explanation !== null) return failed(explanation, observed)
      observed.fault = error
      return failed(`The tool ${name} failed because of a fault in the server. The server's log has the details.`, observed)
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
