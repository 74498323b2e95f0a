import type { DustClient } from '../../src/dust/client.ts'
import type { AgentMessage, Conversation } from '../../src/dust/types.ts'
import { ToolError } from '../../src/mcp/operation.ts'
import type { Begun } from '../runs.ts'

export interface FoundRun extends Begun {
  message: AgentMessage
}

/**
 * Finds a run by its ids; without a `messageId` the newest one of the conversation, or, of those that still run, the newest.
 *
 * @throws {ToolError} when there is none
 * @throws {DustError}
 */
export async function findRun (dust: Pick<DustClient, 'getConversation'>, conversationId: string, messageId: string | undefined, signal: AbortSignal): Promise<FoundRun> {
  const conversation = await dust.getConversation(conversationId, { signal })
  const messages = agentMessages(conversation)
  const message = messageId === undefined
    ? messages.findLast(({ status }) => status === 'created') ?? messages.at(-1)
    : messages.find(({ sId }) => sId === messageId)
  if (message === undefined) throw new ToolError(messageId === undefined ? 'No agent was asked in this conversation.' : 'The conversation has no answer of an agent with this messageId. Leave it out for the newest one.')
  const { sId, name } = message.configuration
  return {
    agent: { sId, name },
    run: { agentId: sId, conversationId: conversation.sId, messageId: message.sId, userMessageId: message.parentMessageId ?? '', url: conversation.url },
    message
  }
}

/** The agents' messages with all their versions, the oldest first. */
export function agentMessages ({ content }: Conversation): AgentMessage[] {
  return content.flat().filter((message) => message.type === 'agent_message')
}
