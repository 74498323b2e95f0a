import type { ConversationLimits, ConversationRecord, ConversationStore } from '../conversation-store.ts'
import type { RedisConnection } from './connection.ts'
import { ADD, CALLER_OF, ENTITLE, LIST, USE } from './conversation-scripts.ts'
import { toFields, toList } from './reply.ts'
import { defineScript } from './script.ts'

export function createRedisConversationStore ({ redis, run }: RedisConnection, { conversationsPerCaller, conversationAgeMs }: ConversationLimits): ConversationStore {
  const add = defineScript(redis, 'addConversation', ADD)
  const use = defineScript(redis, 'useConversation', USE)
  const entitle = defineScript(redis, 'entitleConversation', ENTITLE)
  const callerOf = defineScript(redis, 'callerOfConversation', CALLER_OF)
  const list = defineScript(redis, 'listConversations', LIST)

  return {
    add: ({ id, caller, agent, title, url, createdAt, usedAt }) => run('add a conversation', async () => {
      await add(
        id, caller, usedAt, conversationAgeMs, conversationsPerCaller,
        'agentId', agent.id, 'agentName', agent.name, 'url', url, 'createdAt', createdAt, ...(title === null ? [] : ['title', title]))
    }),
    use: (id, usedAt) => run('use a conversation', async () => { await use(id, usedAt, conversationAgeMs) }),
    entitle: (id, title) => run('entitle a conversation', async () => { await entitle(id, title) }),
    callerOf: (id) => run('look for a conversation', async () => {
      const caller = await callerOf(id)
      return typeof caller === 'string' ? caller : undefined
    }),
    list: (caller, limit, after) => run('list conversations', async () =>
      toList(await list(caller, limit, after?.usedAt ?? '', after?.id ?? '')).map(toRecord))
  }
}

function toRecord (reply: unknown): ConversationRecord {
  const [id, known] = toList(reply)
  const fields = toFields(known)
  return {
    id: String(id),
    caller: fields.get('caller') ?? '',
    agent: { id: fields.get('agentId') ?? '', name: fields.get('agentName') ?? '' },
    title: fields.get('title') ?? null,
    url: fields.get('url') ?? '',
    createdAt: Number(fields.get('createdAt')),
    usedAt: Number(fields.get('usedAt'))
  }
}
