import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import type { Catalog } from './catalog.ts'
import { describeFaults } from './catalog/schema.ts'
import { fitContent } from './content-kinds.ts'
import type { Explain, Observed } from './dispatch.ts'
import { ErrorCode, isObject, nothingThrown, ProtocolError } from './json-rpc.ts'
import { InputRequired, OperationAborted, ToolError, type Operation } from './operation.ts'

const FIRST_REVISION_WITH_TASKS = '2025-11-25'

/** Calls a tool. A tool that fails is a result with `isError`, in words that a model can act on. */
export async function callTool (catalog: Catalog, explain: Explain, params: Record<string, unknown>, operation: Operation, observed: Observed): Promise<CallToolResult> {
  const { name, arguments: args = {} } = params
  if (typeof name !== 'string') throw new ProtocolError(ErrorCode.InvalidParams, 'tools/call needs the name of a tool')
  if (!isObject(args)) throw new ProtocolError(ErrorCode.InvalidParams, 'The arguments of tools/call must be an object')
  const tool = await catalog.findTool(name)
  if (tool === undefined) throw new ProtocolError(ErrorCode.InvalidParams, `Unknown tool: ${name.slice(0, 128)}`)
  if (typeof tool === 'string') return failedCall(tool, observed)
  observed.tool = name
  observed.toolGroup = tool.group
  // Where there are no sessions, every handler runs again with the answer to its question.
  if (operation.resumed !== null && operation.session !== null && !tool.isReplayable) {
    return failedCall('The process of the server that worked on this call is gone, and whether the call took effect isn\'t known. Look before you call again.', observed)
  }
  if (isObject(params['task']) && operation.session !== null && operation.client.protocolVersion >= FIRST_REVISION_WITH_TASKS) {
    throw new ProtocolError(ErrorCode.MethodNotFound, `The tool ${name} can't be called as a task: call it without`)
  }
  if (!tool.checkInput(args)) return failedCall(`Invalid arguments for ${name}: ${describeFaults(tool.checkInput)}`, observed)

  try {
    const result = await tool.call(args, operation)
    if (result.isError === true) observed.errorType = 'tool_error'
    else if (tool.checkOutput !== undefined && !tool.checkOutput(result.structuredContent)) {
      throw new TypeError(`The result of ${name} doesn't match its output schema: ${describeFaults(tool.checkOutput)}`)
    }
    return fitContent(result, operation.client.protocolVersion)
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof InputRequired) throw error
    if (error instanceof ToolError) return failedCall(error.message, observed, error.structured)
    const cause: unknown = operation.signal.aborted ? operation.signal.reason : error
    if (cause instanceof OperationAborted) return failedCall(cause.message, observed)
    const explanation = explain(error)
    if (explanation !== null) {
      observed.details = explanation.details
      return failedCall(explanation.message, observed)
    }
    const result = failedCall(`The tool ${name} failed because of a fault in the server. The server's log has the details.`, observed)
    observed.fault = error ?? nothingThrown()
    observed.errorType = String(ErrorCode.InternalError)
    return result
  }
}

/** A call that failed, told to the model. */
export function failedCall (message: string, observed: Observed, structured?: Record<string, unknown>): CallToolResult {
  observed.errorType = 'tool_error'
  return {
    content: [{ type: 'text', text: message }],
    ...(structured === undefined ? {} : { structuredContent: structured }),
    isError: true
  }
}
