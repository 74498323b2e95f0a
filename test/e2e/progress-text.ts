import type { Progress } from '@modelcontextprotocol/sdk/types.js'

/** An answer as it was told piece by piece: its last draft. */
export function textOf (progress: readonly Progress[]): string {
  const pieces = progress.map((step) => ({ meta: Object(Object(step)._meta), message: String(step.message) })).filter(({ meta }) => meta['mcp-dust-server/kind'] === 'text')
  const draft = pieces.at(-1)?.meta['mcp-dust-server/draft']
  return pieces.filter(({ meta }) => meta['mcp-dust-server/draft'] === draft).map(({ message }) => message).join('')
}
