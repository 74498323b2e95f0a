import fp from 'fastify-plugin'
import { orNull } from '../../src/dust/or-null.ts'
import { transcribe, transcriptText } from '../conversations/transcript.ts'
import { CONVERSATION_URI, CONVERSATIONS_URI, uriOfConversation } from '../../src/resource-uris.ts'

/** As many as a person looks through. */
const LISTED_COUNT = 50
/** As many as are looked through for what somebody types. */
const SUGGESTED_COUNT = 1000

/** Conversations to read, for clients that show resources. */
export default fp(async ({ config, conversations, mcp, store }) => {
  if (!config.tools.has('conversations')) return

  mcp.addResource({
    uri: CONVERSATIONS_URI,
    name: 'conversations',
    title: 'Your Dust conversations',
    description: `The last ${LISTED_COUNT} conversations with Dust agents that you started through this server.`,
    mimeType: 'text/markdown'
  }, async (operation) => {
    const own = await conversations.list(operation, LISTED_COUNT)
    const lines = own.map(({ id, title, agent, usedAt }) => `- [${title ?? 'untitled'}](${uriOfConversation(id)}), with ${agent.name}, last used ${new Date(usedAt).toISOString()}`)
    return { text: ['# Your Dust conversations', ...(lines.length === 0 ? ['None so far.'] : lines)].join('\n') }
  })

  mcp.addResourceTemplate({
    uriTemplate: CONVERSATION_URI,
    name: 'conversation',
    title: 'Dust conversation',
    description: 'A conversation with Dust agents: all its messages, with what was attached to them and the files that agents made.',
    mimeType: 'text/markdown',
    complete: { id: (typed, { caller }) => suggest(caller, typed) }
  }, ({ id = '' }, operation) => orNull(async () => ({ text: transcriptText(transcribe(await conversations.get(operation, id))) })))

  /** The caller's own ones whose id begins so, or whose title or agent has these words. Dust isn't asked: somebody is typing. */
  async function suggest (caller: string, typed: string): Promise<string[]> {
    const wanted = typed.trim().toLowerCase()
    const own = await store.conversations.list(caller, SUGGESTED_COUNT)
    return own
      .filter(({ id, title, agent }) => id.toLowerCase().startsWith(wanted) || `${title ?? ''}\n${agent.name}`.toLowerCase().includes(wanted))
      .map(({ id }) => id)
  }
}, { name: 'resources-conversations', dependencies: ['config', 'conversations', 'mcp', 'store'] })
