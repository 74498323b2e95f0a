import type { AgentAction, AgentMessage } from '../../dust/types.ts'
import type { Identifiers } from '../identifiers.ts'
import type { ToolCall } from './turn.ts'

/** A tool call that starts now. */
export function startAction (call: ToolCall, message: AgentMessage, step: number, identifiers: Identifiers): AgentAction {
  const now = Date.now()
  return {
    id: identifiers.id(),
    sId: identifiers.sId('act'),
    createdAt: now,
    updatedAt: now,
    mcpServerId: `ims_${call.server.replaceAll(/\W+/g, '_')}`,
    internalMCPServerName: call.server,
    toolName: call.tool,
    functionCallName: `${call.server.replaceAll(/\W+/g, '_')}__${call.tool}`,
    functionCallId: `toolu_${identifiers.sId()}`,
    agentMessageId: message.agentMessageId,
    status: 'running',
    params: call.params,
    step,
    executionDurationMs: null,
    citationsAllocated: 0,
    output: null,
    generatedFiles: [],
    displayLabels: call.labels
  }
}

/** The same call with its outcome. */
export function endAction (action: AgentAction, status: 'succeeded' | 'denied' | 'errored', text: string): AgentAction {
  const now = Date.now()
  return { ...action, status, updatedAt: now, executionDurationMs: now - action.createdAt, output: [{ type: 'text', text }] }
}
