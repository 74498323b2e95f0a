import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import type { BlockedRecord } from '../run/pending-actions.ts'
import { conversationPath, findRoom, messagePath, type ConversationPath, type MessagePath } from './parameters.ts'

const validateBody = Type.Object({ actionId: Type.String(), approved: Type.Unsafe<'approved' | 'rejected' | 'always_approved'>({ enum: ['approved', 'rejected', 'always_approved'] }) })
const answerBody = Type.Object({
  actionId: Type.String(),
  answer: Type.Object({ selectedOptions: Type.Array(Type.Integer({ minimum: 0 })), customResponse: Type.Optional(Type.String()) })
})

/** Tool calls that wait for a person. */
export const actionRoutes: FastifyPluginAsync = async (scope) => {
  const { workspace } = scope.emulator
  const { pending } = workspace

  scope.get<{ Params: ConversationPath }>('/actions/blocked', {
    config: { dustOperation: 'actions.blocked' },
    schema: { params: conversationPath }
  }, async ({ params }) => {
    findRoom(workspace, params)
    return { blockedActions: pending.blockedIn(params.cId) }
  })

  scope.post<{ Params: MessagePath, Body: Static<typeof validateBody> }>('/messages/:mId/validate-action', {
    config: { dustOperation: 'actions.validate' },
    schema: { params: messagePath, body: validateBody }
  }, async ({ params, body }) => {
    findRoom(workspace, params)
    const { status } = findBlocked(params, body.actionId)
    if (status !== 'blocked_validation_required' || isOfMember(params)) throw new ApiError(500, 'internal_server_error', 'Failed to validate action')
    pending.settle(body.actionId, { kind: 'approval', approved: body.approved !== 'rejected' })
    return { success: true }
  })

  scope.post<{ Params: MessagePath, Body: Static<typeof answerBody> }>('/messages/:mId/answer-question', {
    config: { dustOperation: 'actions.answer' },
    schema: { params: messagePath, body: answerBody }
  }, async ({ params, body }) => {
    findRoom(workspace, params)
    const { question } = findBlocked(params, body.actionId)
    if (question === undefined) throw invalidRequest('This action does not ask a question.')
    if (isOfMember(params)) throw new ApiError(403, 'workspace_auth_error', 'User is not authorized to answer this question')
    if (body.answer.selectedOptions.some((index) => index >= question.options.length)) throw invalidRequest('Invalid request body: answer.selectedOptions is out of range')
    pending.settle(body.actionId, { kind: 'answer', answer: body.answer })
    return { success: true }
  })

  function isOfMember ({ mId }: MessagePath): boolean {
    const run = workspace.runs.get(mId)
    return run === undefined || workspace.isOwnedByMember(run)
  }

  /** The ids have to be those of the event, which for a sub-agent aren't those of the stream it came from. */
  function findBlocked ({ cId, mId }: MessagePath, actionId: string): BlockedRecord {
    if (pending.wasAnswered(actionId)) throw new ApiError(400, 'action_not_blocked', 'The action is not blocked.')
    const blocked = pending.find(actionId)
    if (blocked?.conversationId !== cId || blocked.messageId !== mId) throw new ApiError(404, 'action_not_found', 'The action was not found.')
    return blocked
  }
}
