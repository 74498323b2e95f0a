import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { hasSpace } from '../knowledge/library.ts'
import { messageBody, readMessage } from '../validation.ts'
import { addFragment, checkFragment, fragmentBody } from './content-fragments.ts'
import { conversationPath, findRoom, type ConversationPath } from './parameters.ts'
import { settle } from './blocking.ts'

const createBody = Type.Object({
  title: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  visibility: Type.Optional(Type.Unsafe<string>({ enum: ['unlisted', 'workspace', 'deleted', 'test'] })),
  message: Type.Optional(messageBody),
  contentFragment: Type.Optional(fragmentBody),
  contentFragments: Type.Optional(Type.Array(fragmentBody)),
  blocking: Type.Optional(Type.Boolean()),
  skipToolsValidation: Type.Optional(Type.Boolean()),
  spaceId: Type.Optional(Type.String())
})
const patchBody = Type.Object({ read: Type.Optional(Type.Boolean()), title: Type.Optional(Type.String({ maxLength: 512 })) })
const pageQuery = Type.Object({ limit: Type.Optional(Type.String({ pattern: '^\\d+$' })), lastValue: Type.Optional(Type.String({ pattern: '^\\d+$' })) })
const cancelBody = Type.Object({ messageIds: Type.Array(Type.String()) })

/** Conversations as a whole. */
export const conversationRoutes: FastifyPluginAsync = async (scope) => {
  const { emulator } = scope
  const { workspace } = emulator

  scope.post<{ Body: Static<typeof createBody> }>('/', {
    config: { dustOperation: 'conversations.create' },
    schema: { body: createBody }
  }, async ({ body }) => {
    const asked = body.message === undefined ? undefined : readMessage(body.message)
    if (body.spaceId !== undefined && !hasSpace(body.spaceId)) throw new ApiError(404, 'space_not_found', 'The space was not found.')
    const attached = [...(body.contentFragments ?? []), ...(body.contentFragment === undefined ? [] : [body.contentFragment])]
      .map((fragment) => checkFragment(workspace, fragment))
    if (asked !== undefined) emulator.limitMessages()
    const room = workspace.open(body.title ?? null, body.visibility === undefined || body.visibility === 'workspace' ? 'unlisted' : body.visibility)
    const fragments = attached.map((fragment) => addFragment(workspace, room, fragment))
    const posted = asked === undefined ? undefined : workspace.post(room, { ...asked, skipToolsValidation: body.skipToolsValidation ?? false })
    if (body.blocking === true) await settle(posted?.runs ?? [], emulator.settings.blockingWaitMs)
    return { conversation: room.conversation, message: posted?.message, contentFragment: fragments.at(-1) }
  })

  scope.get('/', { config: { dustOperation: 'conversations.list' } }, async () => {
    throw new ApiError(401, 'user_not_found', 'Getting conversations is only available when authenticated as a user.')
  })

  scope.get<{ Params: ConversationPath, Querystring: Static<typeof pageQuery> }>('/:cId', {
    config: { dustOperation: 'conversations.get' },
    schema: { params: conversationPath, querystring: pageQuery }
  }, async ({ params, query }) => {
    const { conversation } = findRoom(workspace, params)
    const { content } = conversation
    const actionRequired = workspace.pending.blockedIn(params.cId).length > 0
    if (query.limit === undefined) return { conversation: { ...conversation, actionRequired } }
    const end = query.lastValue === undefined ? content.length : Math.min(Number(query.lastValue), content.length)
    const start = Math.max(0, end - Number(query.limit))
    return { conversation: { ...conversation, actionRequired, content: content.slice(start, end) }, hasMore: start > 0, lastValue: start > 0 ? String(start) : null }
  })

  scope.patch<{ Params: ConversationPath, Body: Static<typeof patchBody> }>('/:cId', {
    config: { dustOperation: 'conversations.update' },
    schema: { params: conversationPath, body: patchBody }
  }, async ({ params, body }) => {
    const { conversation, events } = findRoom(workspace, params)
    if (body.read === undefined && body.title === undefined) throw invalidRequest('Invalid request body: read or title is required')
    if (body.read !== undefined) conversation.unread = !body.read
    if (body.title !== undefined) {
      conversation.title = body.title
      events.append({ type: 'conversation_title', created: Date.now(), title: body.title })
    }
    return { success: true }
  })

  // Only the signal is confirmed: unknown and finished messages are no error.
  scope.post<{ Params: ConversationPath, Body: Static<typeof cancelBody> }>('/:cId/cancel', {
    config: { dustOperation: 'messages.cancel' },
    schema: { params: conversationPath, body: cancelBody }
  }, async ({ params, body }) => {
    findRoom(workspace, params)
    for (const messageId of body.messageIds) {
      emulator.cancels.push({ conversationId: params.cId, messageId, at: Date.now() })
      const run = workspace.runs.get(messageId)
      if (run?.conversationId === params.cId) run.cancel()
    }
    return { success: true }
  })
}
