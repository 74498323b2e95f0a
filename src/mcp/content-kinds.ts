import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'

/** Kinds of content that not all revisions know, and the first that does. */
const KNOWN_SINCE: Readonly<Record<string, string>> = { audio: '2025-03-26', resource_link: '2025-06-18' }

/** The result without content that a client of this revision would stumble over. */
export function fitContent (result: CallToolResult, protocolVersion: string): CallToolResult {
  const isKnown = ({ type }: CallToolResult['content'][number]): boolean => protocolVersion === '' || protocolVersion >= (KNOWN_SINCE[type] ?? '')
  return result.content.every(isKnown) ? result : { ...result, content: result.content.filter(isKnown) }
}
