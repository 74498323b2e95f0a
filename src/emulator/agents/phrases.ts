import type { Turn } from '../run/turn.ts'

const quoteLength = 120

/** The prompt on one line, in quotation marks, shortened when long. */
export function quote (text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const characters = Array.from(line)
  return characters.length <= quoteLength ? `"${line}"` : `"${characters.slice(0, quoteLength - 1).join('')}…"`
}

/** What shows that the agent remembers the conversation; empty on its first message. */
export function recall ({ earlier, attachments }: Turn): string {
  const previous = earlier.at(-1)
  const memory = previous === undefined
    ? ''
    : earlier.length === 1
      ? `Before this you asked me ${quote(previous)}, so I keep that in mind. `
      : `This is question ${earlier.length + 1} of our conversation; the one before was ${quote(previous)}. `
  const reading = attachments.length === 0 ? '' : `I have read what you attached: ${attachments.map(({ title }) => title).join(', ')}. `
  return memory + reading
}

const fillers = new Set(['about', 'after', 'again', 'because', 'before', 'between', 'could', 'difference', 'does', 'explain', 'from', 'give', 'have', 'into', 'please', 'should', 'show', 'tell', 'that', 'their', 'there', 'these', 'they', 'this', 'those', 'what', 'when', 'where', 'which', 'will', 'with', 'would', 'write', 'your'])

/** The word of the prompt that looks most like its subject: a name if there is one, else the longest. */
export function subject (prompt: string): string {
  const words = prompt.match(/[\p{L}\p{N}][\p{L}\p{N}'-]+/gu) ?? []
  const name = words.slice(1).find((word) => word.length > 1 && /^\p{Lu}/u.test(word))
  if (name !== undefined) return name
  const candidates = words.filter((word) => word.length > 3 && !fillers.has(word.toLowerCase()))
  return candidates.reduce((longest, word) => word.length > longest.length ? word : longest, candidates[0] ?? words[0] ?? 'it')
}
