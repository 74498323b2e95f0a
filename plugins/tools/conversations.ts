import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { fromCursor, toCursor } from '../conversations/cursor.ts'
import { linksTo } from '../conversations/files.ts'
import { Transcript, transcribe, transcriptText } from '../conversations/transcript.ts'

const USUAL_COUNT = 20

/** Tools that find and read conversations. */
export default fp(async ({ config, conversations, mcp }) => {
  if (!config.tools.has('conversations')) return

  mcp.addTool({
    name: 'dust_list_conversations',
    title: 'List your Dust conversations',
    description: 'Lists the conversations with Dust agents that you started through this server, the last used ones first: id, title, agent and when. ' +
      'Use it to find an earlier conversation, then read it with dust_get_conversation or go on in it with dust_ask_agent. Conversations made in Dust itself are not listed.',
    input: Type.Object({
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: USUAL_COUNT, description: 'How many at most.' })),
      cursor: Type.Optional(Type.String({ minLength: 1, maxLength: 1000, description: 'nextCursor of the list before, to go on with it.' }))
    }, { additionalProperties: false }),
    output: Type.Object({
      conversations: Type.Array(Type.Object({
        conversationId: Type.String(),
        title: Type.Union([Type.String(), Type.Null()]),
        agent: Type.Object({ id: Type.String(), name: Type.String() }, { description: 'Who was asked first.' }),
        url: Type.String({ description: 'Where a person reads it.' }),
        createdAt: Type.String({ format: 'date-time' }),
        usedAt: Type.String({ format: 'date-time', description: 'When something was asked in it last, through this server.' })
      })),
      nextCursor: Type.Optional(Type.String({ description: 'There are more: pass it as cursor.' }))
    }),
    annotations: { readOnlyHint: true, openWorldHint: true }
  }, async ({ limit = USUAL_COUNT, cursor }, operation) => {
    // One more than is wanted shows whether there are more.
    const found = await conversations.list(operation, limit + 1, cursor === undefined ? undefined : fromCursor(cursor))
    const listed = found.slice(0, limit)
    const last = found.length > limit ? listed.at(-1) : undefined
    const nextCursor = last === undefined ? undefined : toCursor(last)
    const lines = listed.map(({ id, title, agent, usedAt }) => `- ${title ?? 'untitled'} (id: ${id}), with ${agent.name}, last used ${toDate(usedAt)}`)
    return {
      text: lines.length === 0 ? 'There are no conversations that you started through this server.' : [...lines, ...(nextCursor === undefined ? [] : [`There are more: cursor ${nextCursor}`])].join('\n'),
      structured: {
        conversations: listed.map(({ id, title, agent, url, createdAt, usedAt }) => ({ conversationId: id, title, agent, url, createdAt: toDate(createdAt), usedAt: toDate(usedAt) })),
        ...(nextCursor === undefined ? {} : { nextCursor })
      }
    }
  })

  mcp.addTool({
    name: 'dust_get_conversation',
    title: 'Read a Dust conversation',
    description: 'Reads a conversation with Dust agents: all its messages, or the last ones, with what was attached to them and the files that agents made. ' +
      'Use it to look up earlier answers, or to get the answer of a run that was still going when dust_ask_agent returned (its status is "running" until then).',
    input: Type.Object({
      conversationId: Type.String({ minLength: 1, maxLength: 200, description: 'As returned by dust_ask_agent or dust_list_conversations.' }),
      last: Type.Optional(Type.Integer({ minimum: 1, description: 'Only so many of the newest messages.' }))
    }, { additionalProperties: false }),
    output: Transcript,
    annotations: { readOnlyHint: true, openWorldHint: true }
  }, async ({ conversationId, last }, operation) => {
    const transcript = transcribe(await conversations.get(operation, conversationId), last)
    return { text: transcriptText(transcript), structured: transcript, content: linksTo(transcript.messages.flatMap(({ files }) => files)) }
  })
}, { name: 'tools-conversations', dependencies: ['config', 'conversations', 'mcp'] })

function toDate (ms: number): string {
  return new Date(ms).toISOString()
}
