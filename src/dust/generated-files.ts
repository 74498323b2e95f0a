import type { FileSource } from './files.ts'
import type { AgentMessage } from './types.ts'

/** A file that an agent made while it answered; `source` is what reads it. */
export interface GeneratedFile {
  source: FileSource
  title: string
  contentType: string
  /** The beginning of its text, if it has any. */
  snippet: string | null
}

/** The files that people are meant to see, each once. */
export function generatedFiles (message: Pick<AgentMessage, 'actions'>, conversationId: string): GeneratedFile[] {
  const files = new Map<string, GeneratedFile>()
  for (const { fileId, filePath, title, contentType, snippet, hidden } of message.actions.flatMap((action) => action.generatedFiles)) {
    const source = fileId !== null ? { fileId } : filePath !== undefined ? { conversationId, filePath } : null
    if (source !== null && hidden !== true) files.set(`${fileId} ${filePath}`, { source, title, contentType, snippet })
  }
  return [...files.values()]
}
