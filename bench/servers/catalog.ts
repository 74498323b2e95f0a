import { z } from 'zod'

/** How many tools a server offers, `echo` included, and what else it is told, by the command line. */
export const [toolCount, kind] = [Number(process.argv[2] ?? 1), process.argv[3]]

/** A tool as a server of some size has many: `echo` is the first of them. */
export function describeTool (index: number): { name: string, title: string, description: string } {
  if (index === 0) return { name: 'echo', title: 'Echo', description: 'Gives back what it got.' }
  return { name: `search_${index}`, title: `Search ${index}`, description: `Searches the documents of the data source number ${index} by meaning, and returns the best pieces with their titles and addresses.` }
}

export const ECHO = { text: z.string() }
export const SEARCH = {
  query: z.string().describe('What to search for, in words.'),
  limit: z.number().int().min(1).max(100).describe('How many pieces at most.').optional(),
  tags: z.array(z.string()).describe('Only documents with one of these tags.').optional()
}

/** The same as JSON Schema, for whoever takes that. */
export function listTools (): Array<{ name: string, title: string, description: string, inputSchema: { type: 'object' } }> {
  return Array.from({ length: toolCount }, (_, index) => {
    const { type, properties, required } = z.toJSONSchema(z.object(index === 0 ? ECHO : SEARCH))
    if (type !== 'object') throw new Error('no object')
    return { ...describeTool(index), inputSchema: { type, properties, required } }
  })
}
