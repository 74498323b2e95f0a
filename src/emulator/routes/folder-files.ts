import path from 'node:path'
import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { ApiError, invalidRequest } from '../errors.ts'
import { fileNotFound } from '../file-rules.ts'
import { send } from './files.ts'
import { findRoom } from './parameters.ts'

const folderPath = Type.Object({ wId: Type.String(), cId: Type.String(), '*': Type.String({ minLength: 1 }) })

/** What agents keep in the folder of a conversation: such files have a path and no id. */
export const folderFileRoutes: FastifyPluginAsync = async (scope) => {
  const { workspace } = scope.emulator

  scope.get<{ Params: Static<typeof folderPath> }>('/files/*', {
    config: { dustOperation: 'folder_files.read' },
    schema: { params: folderPath }
  }, async ({ params }, reply) => {
    findRoom(workspace, params)
    const asked = params['*']
    if (!asked.startsWith('conversation/')) throw invalidRequest('Invalid file path: must be a conversation-scoped path (e.g. `conversation/foo.pdf`).')
    const normal = path.posix.normalize(asked.slice('conversation/'.length))
    if (normal.startsWith('..') || normal.startsWith('/')) throw new ApiError(403, 'workspace_auth_error', 'Access denied: path is outside conversation scope.')
    const file = workspace.files.inFolder(params.cId, `conversation/${normal}`)
    if (file === undefined) throw fileNotFound()
    return send(reply, file)
  })
}
