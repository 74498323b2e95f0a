import { Type, type Static } from '@sinclair/typebox'
import type { ContentBlock } from '@modelcontextprotocol/sdk/types.js'
import { generatedFiles } from '../../src/dust/client.ts'
import type { AgentMessage, ContentFragment } from '../../src/dust/types.ts'
import { uriOfFile } from '../../src/resource-uris.ts'

/** A file as tools tell of it. */
export const LinkedFile = Type.Object({
  title: Type.String(),
  contentType: Type.String(),
  uri: Type.String({ description: 'The resource to read it as; dust_read_file takes it, too.' })
})

export const Attached = Type.Object({
  title: Type.String(),
  contentType: Type.String(),
  uri: Type.Union([Type.String(), Type.Null()], { description: 'The resource to read it as; null for what is in a data source, or gone.' })
})

/** What an agent made while it answered, for people. */
export function filesOf (message: Pick<AgentMessage, 'actions'>, conversationId: string): Array<Static<typeof LinkedFile>> {
  return generatedFiles(message, conversationId).map(({ source, title, contentType }) => ({ title, contentType, uri: uriOfFile(source) }))
}

export function attachedOf ({ title, contentType, fileId, expiredReason }: ContentFragment): Static<typeof Attached> {
  const isReadable = typeof fileId === 'string' && expiredReason === null
  return { title, contentType, uri: isReadable ? uriOfFile({ fileId }) : null }
}

/** What lets a client fetch files by itself. */
export function linksTo (files: ReadonlyArray<Static<typeof LinkedFile>>): ContentBlock[] {
  return files.map(({ title, contentType, uri }) => ({ type: 'resource_link', name: title, uri, mimeType: contentType }))
}

/** The same in words, for clients that don't show links. */
export function describeFiles (label: string, files: ReadonlyArray<Static<typeof Attached>>): string {
  return files.length === 0 ? '' : `${label}: ${files.map(({ title, uri }) => uri === null ? title : `${title} (${uri})`).join(', ')}`
}
