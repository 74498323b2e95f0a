import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import type { AgentMessage, Conversation, UserMessage } from '../../src/dust/types.ts'

/** Tools that read conversations. */
export default fp(async (fastify) => {
  const { dust, mcp } = fastify

  mcp.addTool({
    name: 'dust_get_conversation',
    title: 'Read a Dust conversation',
    description: 'Reads a conversation with Dust agents: all its messages, or the last ones. Use it to look up earlier answers, ' +
      'or to get the answer of a run that was still going when dust_ask_agent returned (its status is "running" until then).',
    input: Type.Object({
      conversationId: Type.String({ minLength: 1, maxLength: 200, description: 'As returned by dust_ask_agent.' }),
      last: Type.Optional(Type.Integer({ minimum: 1, description: 'Only so many of the newest messages.' }))
    }, { additionalProperties: false }),
    output: Type.Object({
      conversationId: Type.String(),
      title: Type.Union([Type.String(), Type.Null()]),
      url: Type.String({ description: 'Where a person reads it.' }),
      messages: Type.Array(Type.Object({
        id: Type.String(),
        from: Type.String({ description: 'user, or the name of the agent.' }),
        status: Type.String({ description: 'sent, running, succeeded, failed or cancelled.' }),
        content: Type.String(),
        createdAt: Type.String({ format: 'date-time' })
      }))
    }),
    annotations: { readOnlyHint: true, openWorldHint: true }
  }, async ({ conversationId, last }, { signal }) => {
    const conversation = await dust.getConversation(conversationId, { signal })
    const all = currentMessages(conversation).map(summarize)
    const messages = last === undefined ? all : all.slice(-last)
    return {
      text: [
        `Conversation "${conversation.title ?? 'untitled'}" (${conversation.url})`,
        ...messages.map(({ from, status, content }) => `## ${from} (${status})\n${content}`)
      ].join('\n\n'),
      structured: { conversationId: conversation.sId, title: conversation.title, url: conversation.url, messages }
    }
  })
}, { name: 'tools-conversations', dependencies: ['dust', 'mcp'] })

/** The current version of every message of a person or an agent. */
function currentMessages (conversation: Conversation): Array<UserMessage | AgentMessage> {
  return conversation.content
    .map((versions) => versions.at(-1))
    .filter((message) => message?.type === 'user_message' || message?.type === 'agent_message')
}

function summarize (message: UserMessage | AgentMessage) {
  const common = { id: message.sId, createdAt: new Date(message.created).toISOString() }
  return message.type === 'user_message'
    ? { ...common, from: 'user', status: 'sent', content: message.content }
    : {
        ...common,
        from: message.configuration.name,
        status: message.status === 'created' ? 'running' : message.status,
        content: message.content ?? message.error?.message ?? ''
      }
}
