import type { FileSource } from './dust/client.ts'

/** How clients name what they can read. */
export const AGENTS_URI = 'dust://agents'
export const AGENT_URI = `${AGENTS_URI}/{id}`
export const CONVERSATIONS_URI = 'dust://conversations'
export const CONVERSATION_URI = `${CONVERSATIONS_URI}/{id}`
export const FILE_URI = 'dust://files/{id}'
/** Files that agents keep in the folder of a conversation. */
export const FOLDER_FILE_URI = `${CONVERSATION_URI}/files/{+path}`

export function uriOfAgent (id: string): string {
  return `${AGENTS_URI}/${encodeURIComponent(id)}`
}

export function uriOfConversation (id: string): string {
  return `${CONVERSATIONS_URI}/${encodeURIComponent(id)}`
}

export function uriOfFile (source: FileSource): string {
  return 'fileId' in source
    ? FILE_URI.replace('{id}', () => encodeURIComponent(source.fileId))
    : `${uriOfConversation(source.conversationId)}/files/${source.filePath.split('/').map(encodeURIComponent).join('/')}`
}

/** The file that a URI names; `null` when it names none. */
export function sourceOfUri (uri: string): FileSource | null {
  const [, fileId] = /^dust:\/\/files\/([^/]+)$/.exec(uri) ?? []
  if (fileId !== undefined) return { fileId: decode(fileId) }
  const [, conversationId, path] = /^dust:\/\/conversations\/([^/]+)\/files\/(.+)$/.exec(uri) ?? []
  return conversationId === undefined || path === undefined ? null : { conversationId: decode(conversationId), filePath: decode(path) }
}

/** A word that isn't encoded right stands for itself. */
function decode (word: string): string {
  try {
    return decodeURIComponent(word)
  } catch {
    return word
  }
}
