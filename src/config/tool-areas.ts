import { parseList } from './units.ts'

/** What the server's own tools are about; an operator can switch each off. */
export const TOOL_AREAS = ['agents', 'conversations', 'approvals', 'files', 'knowledge'] as const

export type ToolArea = typeof TOOL_AREAS[number]

/** `null` when a word is no area, or there is none. */
export function parseToolAreas (words: string): ReadonlySet<ToolArea> | null {
  const list = parseList(words)
  const areas = new Set(TOOL_AREAS.filter((area) => list.includes(area)))
  return areas.size > 0 && areas.size === new Set(list).size ? areas : null
}
