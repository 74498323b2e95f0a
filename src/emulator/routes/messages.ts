import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { messageBody, readMessage } from '../validation.ts'
import { settle } from './blocking.ts'
import { conversationPath, findMessage, findRoom, messagePath, type ConversationPath, type MessagePath } from './parameters.ts'

const postBody = Type.Composite([messageBody, Type.Object({
  blocking: Type.Optional(Type.Boolean()),
  skipToolsValidation: Type.Optional(Type.Boolean())
})])

/** Messages of one conversation. */
export const messageRoutes: FastifyPluginAsync = async (scope) => {
  const { emulator } = scope
  const { workspace, settings } = emulator

  scope.post<{ Params: ConversationPath, Body: Static<typeof postBody> }>('/', {
    config: { dustOperation: 'messages.create' },
    schema: { params: conversationPath, body: postBody }
  }, async ({ params, body }) => {
    const room = findRoom(workspace, params)
    emulator.limitMessages()
    const { message, runs } = workspace.post(room, { ...readMessage(body), skipToolsValidation: body.skipToolsValidation ?? false })
    if (body.blocking === true) await settle(runs, settings.blockingWaitMs)
    return { message, agentMessages: runs.map((run) => run.message) }
  })

  scope.post<{ Params: MessagePath }>('/:mId/retry', {
    config: { dustOperation: 'messages.retry' },
    schema: { params: messagePath }
  }, async ({ params }) => {
    const { room, message, rank } = findMessage(workspace, params)
    if (message.type !== 'agent_message') throw invalidRequest('Only agent messages can be retried.')
    emulator.limitMessages()
    return { message: workspace.retry(room, message, rank) }
  })

  scope.route<{ Params: MessagePath }>({
    method: ['POST', 'DELETE'],
    url: '/:mId/feedbacks',
    config: { dustOperation: 'messages.feedback' },
    handler: async () => {
      throw new ApiError(401, 'not_authenticated', 'The user does not have permission to give feedback.')
    }
  })
}
