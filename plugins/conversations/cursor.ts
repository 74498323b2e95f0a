import type { ConversationPosition } from '../../src/store/conversation-store.ts'
import { isObject } from '../../src/mcp/json-rpc.ts'
import { ToolError } from '../../src/mcp/operation.ts'

/** Where a list of conversations goes on, in a word that a client brings back. */
export function toCursor ({ id, usedAt }: ConversationPosition): string {
  return Buffer.from(JSON.stringify({ id, usedAt })).toString('base64url')
}

/** @throws {ToolError} when it was never given out */
export function fromCursor (cursor: string): ConversationPosition {
  const position = parse(Buffer.from(cursor, 'base64url').toString())
  if (isObject(position) && typeof position['id'] === 'string' && typeof position['usedAt'] === 'number') return { id: position['id'], usedAt: position['usedAt'] }
  throw new ToolError('That is no cursor: pass the nextCursor of the list before, or begin again without one.')
}

function parse (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
