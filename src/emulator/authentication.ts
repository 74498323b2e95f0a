import type { onRequestAsyncHookHandler } from 'fastify'
import { ApiError } from './errors.ts'
import { invalidKey } from './faults/request-faults.ts'

/** A valid key, but of some other workspace. */
export const foreignKey = 'sk-elsewhere'

/** Checks the key, then the workspace, in the order of Dust. */
export function authenticate (apiKey: string, workspaceId: string): onRequestAsyncHookHandler {
  return async (request) => {
    const { authorization } = request.headers
    if (authorization === undefined) throw new ApiError(401, 'not_authenticated', 'The request does not have valid authentication credentials.')
    const key = /^Bearer (sk-[A-Za-z0-9]+)$/.exec(authorization)?.[1]
    if (key === undefined) throw new ApiError(401, 'malformed_authorization_header_error', 'Malformed Authorization header')
    if (key !== apiKey && key !== foreignKey) throw invalidKey()
    const { params } = request
    const asked = typeof params === 'object' && params !== null && 'wId' in params ? params.wId : undefined
    if (asked !== workspaceId) throw new ApiError(404, 'workspace_not_found', 'The workspace was not found.')
    if (key === foreignKey) throw new ApiError(401, 'workspace_auth_error', 'Only users of the workspace can access this content.')
  }
}
