import type { DatabaseSync, SQLOutputValue } from 'node:sqlite'
import type { ConversationLimits, ConversationRecord, ConversationStore } from '../conversation-store.ts'
import { attempt, transact } from './database.ts'

export function createSqliteConversationStore (db: DatabaseSync, { conversationsPerCaller, conversationAgeMs }: ConversationLimits): ConversationStore {
  const statements = {
    insert: db.prepare(`
      INSERT INTO conversations (id, caller, agent_id, agent_name, title, url, created_at, used_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO NOTHING`),
    forgetOld: db.prepare('DELETE FROM conversations WHERE used_at < ?'),
    forgetTooMany: db.prepare(`
      DELETE FROM conversations WHERE id IN (
        SELECT id FROM conversations WHERE caller = ? ORDER BY used_at DESC, id DESC LIMIT -1 OFFSET ?)`),
    use: db.prepare('UPDATE conversations SET used_at = max(used_at, ?) WHERE id = ? AND used_at >= ?'),
    entitle: db.prepare('UPDATE conversations SET title = ? WHERE id = ?'),
    callerOf: db.prepare('SELECT caller FROM conversations WHERE id = ? AND used_at >= ?'),
    list: db.prepare(`
      SELECT * FROM conversations WHERE caller = ? AND used_at >= ? AND (used_at, id) < (?, ?)
      ORDER BY used_at DESC, id DESC LIMIT ?`)
  }
  const oldest = (): number => Date.now() - conversationAgeMs

  return {
    add: async ({ id, caller, agent, title, url, createdAt, usedAt }) => attempt('add a conversation', () => transact(db, () => {
      statements.insert.run(id, caller, agent.id, agent.name, title, url, createdAt, usedAt)
      statements.forgetOld.run(oldest())
      statements.forgetTooMany.run(caller, conversationsPerCaller)
    })),
    use: async (id, usedAt) => attempt('use a conversation', () => { statements.use.run(usedAt, id, oldest()) }),
    entitle: async (id, title) => attempt('entitle a conversation', () => { statements.entitle.run(title, id) }),
    callerOf: async (id) => attempt('look for a conversation', () => {
      const caller = statements.callerOf.get(id, oldest())?.['caller']
      return typeof caller === 'string' ? caller : undefined
    }),
    list: async (caller, limit, { usedAt, id } = { usedAt: Number.MAX_SAFE_INTEGER, id: '' }) => attempt('list conversations', () =>
      statements.list.all(caller, oldest(), usedAt, id, limit).map(toRecord))
  }
}

function toRecord (row: Record<string, SQLOutputValue>): ConversationRecord {
  const title = row['title']
  return {
    id: String(row['id']),
    caller: String(row['caller']),
    agent: { id: String(row['agent_id']), name: String(row['agent_name']) },
    title: typeof title === 'string' ? title : null,
    url: String(row['url']),
    createdAt: Number(row['created_at']),
    usedAt: Number(row['used_at'])
  }
}
