import { Type, type Static } from '@sinclair/typebox'
import type { FastifyPluginAsync } from 'fastify'
import { invalidRequest } from '../errors.ts'
import { isText } from '../file-rules.ts'
import type { View } from '../knowledge/catalogue.ts'
import type { Entry } from '../knowledge/corpus.ts'
import { findEntry, isSeenThrough, spaceName, viewById } from '../knowledge/library.ts'
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
  }, async ({ params, body }) => {
    const room = findRoom(workspace, params)
    return { contentFragment: addFragment(workspace, room, checkFragment(workspace, body)) }
  })
}

type Checked =
  | { kind: 'text', body: FragmentBody, content: string, contentType: string }
  | { kind: 'file', body: FragmentBody, fileId: string }
  | { kind: 'node', body: FragmentBody, node: Entry, view: View }

/** @throws {ApiError} 400 when it's neither a text with its type, a file nor a node, or not one that can be attached */
export function checkFragment ({ files }: Workspace, body: FragmentBody): Checked {
  const { content, contentType, fileId, nodeId, nodeDataSourceViewId } = body
  const isOnlyText = fileId == null && nodeId == null && nodeDataSourceViewId == null
  const hasText = content != null || contentType != null
  if (isOnlyText && content != null && contentType != null) {
    if (!isText(contentType)) throw invalidRequest(`Invalid request body: contentType ${contentType} is not supported.`)
    if (Buffer.byteLength(content) > largestBytes) throw invalidRequest('Invalid request body: The content must be at most 512kb.')
    return { kind: 'text', body, content, contentType }
  }
  if (fileId != null && !hasText && nodeId == null && nodeDataSourceViewId == null) {
    if (files.get(fileId)?.status !== 'ready') throw invalidRequest('File not found.')
    return { kind: 'file', body, fileId }
  }
  if (nodeId != null && nodeDataSourceViewId != null && !hasText && fileId == null) {
    const node = findEntry(nodeId)
    const view = viewById(nodeDataSourceViewId)
    if (node === undefined || view === undefined || !isSeenThrough(view, node)) throw invalidRequest('Content node not found.')
    return { kind: 'node', body, node, view }
  }
  throw invalidRequest('Invalid request body: content with contentType, fileId, or nodeId with nodeDataSourceViewId is required')
}

export function addFragment ({ identifiers, files }: Workspace, room: Room, checked: Checked): ContentFragmentRecord {
  const { title, url, context } = checked.body
  const { sId: conversationId } = room.conversation
  const common = {
    type: 'content_fragment' as const,
    id: identifiers.id(),
    sId: identifiers.sId(),
    created: Date.now(),
    visibility: 'visible',
    version: 0,
    sourceUrl: url ?? null,
    title,
    context: context ?? {},
    contentFragmentId: identifiers.sId('cf'),
    contentFragmentVersion: 'latest' as const,
    expiredReason: null
  }
  const fragment = checked.kind === 'node' ? nodePart(checked) : filePart(checked)
  room.add(fragment)
  return fragment

  function nodePart ({ node, view }: Extract<Checked, { kind: 'node' }>) {
    const ids = { nodeId: node.internalId, nodeDataSourceViewId: view.sId, nodeType: node.type }
    return {
      ...common,
      sourceUrl: node.sourceUrl,
      contentType: node.mimeType,
      contentFragmentType: 'content_node' as const,
      ...ids,
      contentNodeData: { ...ids, provider: view.dataSource.connectorProvider, spaceName: spaceName(view.spaceId) }
    }
  }

  /** A text becomes a file, too. */
  function filePart (part: Exclude<Checked, { kind: 'node' }>) {
    const file = part.kind === 'text' ? files.add(conversationId, title, part.contentType, Buffer.from(part.content)) : files.get(part.fileId)
    const text = file?.contentType.startsWith('text/') === true ? file.bytes.toString() : null
    return {
      ...common,
      contentType: file?.contentType ?? 'text/plain',
      contentFragmentType: 'file' as const,
      fileId: file?.sId ?? null,
      snippet: text?.slice(0, 256) ?? null,
      generatedTables: [],
      textUrl: `${room.conversation.url}/fragments/${common.sId}`,
      textBytes: file?.fileSize ?? null,
      sourceProvider: null,
      sourceIcon: null
    }
  }
}
