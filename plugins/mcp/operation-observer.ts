import type { FastifyInstance } from 'fastify'
import { atEndOfTurn } from '../../src/end-of-turn.ts'
import type { OperationObserver } from '../../src/mcp/dispatch.ts'
import { isAbort } from '../../src/mcp/operation.ts'

/** Programs that have a label value of their own, by the name that they give; any other is `_OTHER`. */
const CLIENTS = new Set([
  'claude-ai', 'claude-code', 'cursor', 'cursor-vscode', 'visual studio code', 'mcp-inspector', 'inspector-client', 'mcp-remote', 'windsurf', 'zed', 'goose'
])

/** What is told of an operation that is over: nothing that would keep its request in memory. */
interface Told {
  method: string
  /** Under which name it's counted. */
  toolGroup: string | null
  errorType: string | null
  durationMs: number
  protocolVersion: string
  /** The name that the program of the client gives itself. */
  client: string
  /** Of the log; `null` when it was written already. */
  line: object | null
}

/** Logs and counts each operation, in a line and a few numbers. Faults, and what Dust refused, are logged at once. */
export function createOperationObserver ({ instruments, log, tracing, recentErrors }: FastifyInstance): OperationObserver {
  const { mcp } = instruments
  const tell = atEndOfTurn(({ method, toolGroup, errorType, durationMs, protocolVersion, client, line }: Told) => {
    if (line !== null) log.info(line, 'operation')
    mcp.operationsInFlight.dec({ mcp_method_name: method })
    mcp.operationDuration.observe({
      mcp_method_name: method,
      ...(toolGroup === null ? {} : { gen_ai_tool_name: toolGroup }),
      ...(errorType === null ? {} : { error_type: errorType })
    }, durationMs / 1000)
    mcp.requests.inc({ protocol_version: protocolVersion, client: clientOf(client) })
  })

  return {
    onStart: ({ method }) => { mcp.operationsInFlight.inc({ mcp_method_name: method }) },
    onEnd: ({ method, tool, toolGroup, errorType, durationMs, fault, details, operation }) => {
      if (errorType !== null && !isAbort(errorType)) recentErrors.note('mcp', tool ?? method, errorType)
      const { name: client, protocolVersion } = operation.client
      const line = {
        ...tracing.idsOf(operation),
        reqId: operation.requestId,
        mcp: { method, tool, caller: operation.caller, session: operation.session, outcome: errorType ?? 'success', durationMs: Math.round(durationMs) }
      }
      if (fault !== null) log.error({ ...line, err: fault }, 'operation failed because of a fault')
      else if (details !== null) log.warn({ ...line, ...details }, 'operation failed')
      tell({ method, toolGroup, errorType, durationMs, protocolVersion, client, line: fault === null && details === null ? line : null })
    }
  }
}

function clientOf (name: string): string {
  const known = name.toLowerCase()
  return CLIENTS.has(known) ? known : '_OTHER'
}
