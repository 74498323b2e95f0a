import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { invalidRequest } from '../errors.ts'
import type { ContentFragmentRecord, Room } from '../workspace/room.ts'
import type { Workspace } from '../workspace/workspace.ts'
import { conversationPath, findRoom, type ConversationPath } from './parameters.ts'

const nullableText = Type.Optional(Type.Union([Type.String(), Type.Null()]))

export const fragmentBody = Type.Object({
  title: Type.String(),
  content: nullableText,
  contentType: nullableText,
  fileId: nullableText,
  nodeId: nullableText,
  nodeDataSourceViewId: nullableText,
  url: nullableText,
  context: Type.Optional(Type.Union([Type.Object({}), Type.Null()]))
})
export type FragmentBody = Static<typeof fragmentBody>

const largestBytes = 512 * 1024

/** Texts, files and nodes attached to a conversation. */
export const contentFragmentRoutes: FastifyPluginAsync = async (scope) => {
  const { workspace } = scope.emulator

  scope.post<{ Params: ConversationPath, Body: FragmentBody }>('/', {
    config: { dustOperation: 'content_fragments.create' },
    schema: { params: conversationPath, body: fragmentBody }
  }, async ({ params, body }) => ({ contentFragment: addFragment(workspace, findRoom(workspace, params), body) }))
}

/** @throws {ApiError} 400 when it's neither a text with its type, a file nor a node, or too large */
export function addFragment ({ identifiers }: Workspace, room: Room, body: FragmentBody): ContentFragmentRecord {
  const { title, content, contentType, fileId, nodeId, nodeDataSourceViewId } = body
  if (content != null && Buffer.byteLength(content) > largestBytes) throw invalidRequest('Invalid request body: The content must be at most 512kb.')
  const common = {
    type: 'content_fragment' as const,
    id: identifiers.id(),
    sId: identifiers.sId(),
    created: Date.now(),
    visibility: 'visible',
    version: 0,
    sourceUrl: body.url ?? null,
    title,
    context: body.context ?? {},
    contentFragmentId: identifiers.sId('cf'),
    contentFragmentVersion: 'latest' as const,
    expiredReason: null
  }
  const fragment = nodeId != null && nodeDataSourceViewId != null
    ? {
        ...common,
        contentType: 'text/plain',
        contentFragmentType: 'content_node' as const,
        nodeId,
        nodeDataSourceViewId,
        nodeType: 'document',
        contentNodeData: { nodeId, nodeDataSourceViewId, nodeType: 'document', provider: null, spaceName: 'Company Data' }
      }
    : {
        ...common,
        contentType: typeOf(body),
        contentFragmentType: 'file' as const,
        fileId: fileId ?? identifiers.sId('fil'),
        snippet: content?.slice(0, 256) ?? null,
        generatedTables: [],
        textUrl: `${room.conversation.url}/fragments/${common.sId}`,
        textBytes: content == null ? null : Buffer.byteLength(content),
        sourceProvider: null,
        sourceIcon: null
      }
  if (fragment.contentFragmentType === 'file' && fileId == null && (content == null || contentType == null)) {
    throw invalidRequest('Invalid request body: content with contentType, fileId, or nodeId with nodeDataSourceViewId is required')
  }
  room.add(fragment)
  return fragment
}

function typeOf ({ contentType }: FragmentBody): string {
  return contentType ?? 'text/plain'
}
