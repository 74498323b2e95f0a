import { toList, toObject, toText, toTextOrNull, type JsonObject } from './json.ts'
import { texts } from './read-conversation.ts'
import type { BlockedAction, UserQuestion, WaitingAction } from './types.ts'

type Blocking = Omit<BlockedAction, 'messageId'> & { userId?: string, isLastBlockingEventForStep?: boolean }

/** Reads what the events of waiting tools and the list of them have in common. */
export function readBlocking (data: JsonObject): Blocking {
  const metadata = toObject(data.metadata)
  return {
    conversationId: toText(data.conversationId),
    actionId: toText(data.actionId),
    inputs: toObject(data.inputs),
    metadata: {
      toolName: toText(metadata.toolName),
      mcpServerName: toText(metadata.mcpServerName),
      ...(typeof metadata.agentName === 'string' && { agentName: metadata.agentName }),
      ...(typeof metadata.mcpServerDisplayName === 'string' && { mcpServerDisplayName: metadata.mcpServerDisplayName }),
      ...(typeof metadata.mcpServerId === 'string' && { mcpServerId: metadata.mcpServerId })
    },
    ...(typeof data.stake === 'string' && { stake: data.stake }),
    ...(Array.isArray(data.argumentsRequiringApproval) && { argumentsRequiringApproval: texts(data.argumentsRequiringApproval) }),
    ...(typeof data.approvalArgsLabel === 'string' && { approvalArgsLabel: data.approvalArgsLabel }),
    ...(typeof data.userId === 'string' && { userId: data.userId }),
    ...(typeof data.isLastBlockingEventForStep === 'boolean' && { isLastBlockingEventForStep: data.isLastBlockingEventForStep })
  }
}

export function readQuestion (value: unknown): UserQuestion {
  const question = toObject(value)
  return {
    question: toText(question.question),
    options: toList(question.options).map(toObject).map((option) => ({ label: toText(option.label), description: toTextOrNull(option.description) })),
    multiSelect: question.multiSelect === true
  }
}

/** Reads a tool call that waits; `null` without the ids that answer it. */
export function readWaitingAction (value: unknown): WaitingAction | null {
  const action = toObject(value)
  const { conversationId, actionId, ...blocking } = readBlocking(action)
  const messageId = toText(action.messageId)
  if (conversationId === '' || messageId === '' || actionId === '') return null
  return {
    ...blocking,
    conversationId,
    messageId,
    actionId,
    status: toText(action.status),
    ...(action.question != null && { question: readQuestion(action.question) })
  }
}
