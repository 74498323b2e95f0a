import fp from 'fastify-plugin'
import { randomBytes } from 'node:crypto'
import { DustError, type Run, type RunInput } from '../src/dust/client.ts'
import type { Agent, Conversation } from '../src/dust/types.ts'
import type { Operation } from '../src/mcp/operation.ts'
import type { ConversationPosition, ConversationRecord } from '../src/store/conversation-store.ts'
import type { Asker } from './dust.ts'

/**
 * Conversations with agents. One that was started here belongs to the caller who started it: for everybody else it doesn't exist.
 * One that was made in Dust itself can be used by every caller who knows its id, as by everybody who has the key.
 */
export interface Conversations {
  /**
   * Refuses a conversation that is another caller's. Stands before whatever is done with a conversation that a client has named.
   *
   * @throws {DustError} the same as for one that doesn't exist
   */
  admit (asker: Asker, conversationId: string): Promise<void>
  /** The id to go on with: for a conversation of another caller, one that nobody has. For work that Dust itself refuses for an unknown conversation. */
  mask (caller: string, conversationId: string): Promise<string>
  /**
   * Asks an agent, in the given conversation or in a new one, which belongs to the caller from then on.
   *
   * @throws {DustError} like `admit`
   */
  ask (asker: Asker, agent: Pick<Agent, 'sId' | 'name'>, question: Omit<RunInput, 'agentId'>): Promise<Run>
  /**
   * Reads a conversation with all its messages.
   *
   * @throws {DustError} like `admit`
   */
  get (operation: Operation, conversationId: string): Promise<Conversation>
  /** Those that the caller has started here, the last used ones first; at most `limit`. Titles that aren't known are looked up in Dust, the first ones only when there are many. */
  list (operation: Operation, limit: number, after?: ConversationPosition): Promise<ConversationRecord[]>
}

declare module 'fastify' {
  interface FastifyInstance {
    conversations: Conversations
  }
}

/** How many titles are looked up for one list: each is a request. */
const MOST_TITLES = 20

/** Knows whose conversations are. */
export default fp(async (fastify) => {
  const { dust, log } = fastify
  const { conversations: store } = fastify.store

  async function admit (asker: Asker, conversationId: string): Promise<void> {
    const id = await mask(asker.caller, conversationId)
    if (id === conversationId) return
    // Words, time and errors are those of an unknown one, also while Dust can't be reached.
    await dust.for(asker).getConversation(id, { limit: 1 })
    throw notFound()
  }

  async function mask (caller: string, conversationId: string): Promise<string> {
    const owner = await store.callerOf(conversationId)
    return owner === undefined || owner === caller ? conversationId : randomBytes(conversationId.length).toString('hex').slice(0, conversationId.length)
  }

  /** What has happened in Dust has happened, whether or not it can be noted. */
  async function note (work: Promise<void>): Promise<void> {
    try {
      await work
    } catch (error) {
      log.error({ err: error }, 'what happened to a conversation could not be kept')
    }
  }

  async function get (operation: Operation, conversationId: string, options: { limit?: number } = {}): Promise<Conversation> {
    await admit(operation, conversationId)
    const conversation = await dust.for(operation).getConversation(conversationId, { ...options, signal: operation.signal })
    if (conversation.title !== null) await note(store.entitle(conversationId, conversation.title))
    return conversation
  }

  async function withTitle (operation: Operation, record: ConversationRecord): Promise<ConversationRecord> {
    try {
      const { title } = await get(operation, record.id, { limit: 1 })
      return { ...record, title }
    } catch (error) {
      if (error instanceof DustError) return record
      throw error
    }
  }

  fastify.decorate('conversations', {
    admit,
    mask,
    ask: async (asker, agent, question) => {
      const { caller } = asker
      const conversation = question.conversationId === undefined ? {} : { conversationId: await mask(caller, question.conversationId) }
      // Without a signal: once the question may have left, its ids are needed to cancel the run.
      const run = await dust.for(asker).startRun({ ...question, ...conversation, agentId: agent.sId })
      const now = Date.now()
      await note(question.conversationId === undefined
        ? store.add({ id: run.conversationId, caller, agent: { id: agent.sId, name: agent.name }, title: null, url: run.url, createdAt: now, usedAt: now })
        : store.use(run.conversationId, now))
      return run
    },
    get: (operation, conversationId) => get(operation, conversationId),
    list: async (operation, limit, after) => {
      const records = await store.list(operation.caller, limit, after)
      const untitled = new Set(records.filter(({ title }) => title === null).slice(0, MOST_TITLES))
      return Promise.all(records.map((record) => untitled.has(record) ? withTitle(operation, record) : record))
    }
  } satisfies Conversations)
}, { name: 'conversations', dependencies: ['dust', 'store'] })

/** As of one that doesn't exist: whoever guesses an id learns nothing. */
function notFound (): DustError {
  return new DustError({
    operation: 'get_conversation',
    kind: 'not_found',
    status: 404,
    type: 'conversation_not_found',
    message: 'Dust knows no such conversation in this workspace: check its id, or start a new one.'
  })
}
