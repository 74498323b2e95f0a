import type { FastifyInstance } from 'fastify'
import type { FileContent, FileSource } from '../../src/dust/client.ts'
import type { Operation } from '../../src/mcp/operation.ts'

/** A file goes through the memory of both sides as one text. */
const LARGEST_BYTES = 10 * 1024 ** 2

/** Types that are text although their name doesn't say so. */
const TEXTS = /^(text\/|application\/(json|xml|yaml|x-yaml|x-sh|javascript|[\w.+-]+\+(json|xml))(;|$))/i

/**
 * Reads a file, if the caller may: one in the folder of a conversation belongs to whom the conversation does.
 *
 * @throws {DustError} also for one that is too large
 */
export async function readFile ({ conversations, dust }: Pick<FastifyInstance, 'conversations' | 'dust'>, operation: Operation, source: FileSource): Promise<FileContent> {
  if ('conversationId' in source) await conversations.admit(operation, source.conversationId)
  return dust.for(operation).readFile(source, { maxBytes: LARGEST_BYTES, signal: operation.signal })
}

/** `null` for what isn't text, or would not become the same bytes again. */
export function textIn ({ contentType, bytes }: FileContent): string | null {
  if (!TEXTS.test(contentType)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}
