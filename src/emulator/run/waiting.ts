import type { AgentAction, UserQuestion } from '../../dust/types.ts'
import type { Sketch } from './emitter.ts'
import type { BlockedStatus, Reply } from './pending-actions.ts'
import type { Run } from './run.ts'
import type { ToolCall } from './turn.ts'

/** What a person is told about the call that waits for them, besides the call itself. */
export interface Asked {
  stake?: 'low' | 'medium' | 'high'
  /** Which of the inputs make it worth asking, and how they are called when people read about them. */
  argumentsRequiringApproval?: string[]
  approvalArgsLabel?: string
  question?: UserQuestion
  /** `false` when more is asked in the same step. */
  isLast?: boolean
}

type Blocking = ReturnType<typeof blockingFields>

/** Waits for a person, here and in the conversations of the agents that delegated to this one. */
export async function waitForPerson (run: Run, call: ToolCall, action: AgentAction, status: BlockedStatus, sketchOf: (blocking: Blocking) => Sketch, asked: Asked = {}): Promise<Reply> {
  const { emitter, message, services, signal } = run
  const { question, ...told } = asked
  const blocking = blockingFields(run, call, action, told)
  const sketch = sketchOf(blocking)
  const lineage = run.lineage()
  const copies = lineage.map(({ events, emitter: own }) => ({ events, event: own === emitter ? emitter.emit(sketch) : events.append(emitter.envelop(sketch)) }))
  const record = { ...blocking, messageId: message.sId, status, ...(question === undefined ? {} : { question }) }
  const reply = await services.pending.wait(record, lineage.map(({ conversationId }) => conversationId), signal)
  for (const { events, event } of copies) events.remove(event.eventId)
  return reply
}

function blockingFields ({ conversationId, message }: Run, call: ToolCall, action: AgentAction, { isLast = true, ...told }: Omit<Asked, 'question'>) {
  return {
    conversationId,
    actionId: action.sId,
    inputs: call.params,
    metadata: {
      toolName: call.tool,
      mcpServerName: call.server,
      agentName: message.configuration.name,
      mcpServerDisplayName: call.server,
      mcpServerId: action.mcpServerId ?? call.server
    },
    ...told,
    isLastBlockingEventForStep: isLast
  }
}
