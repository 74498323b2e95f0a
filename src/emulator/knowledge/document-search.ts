import type { Entry } from './corpus.ts'
import { lineageOf, textOf } from './library.ts'

export interface Question {
  query: string
  topK: number
  isFullText: boolean
  after: number | undefined
  before: number | undefined
  tagsIn: string[] | undefined
  tagsNot: string[]
  parentsIn: string[] | undefined
  parentsNot: string[]
}

/** Words that mean the same here, which is all the understanding that this search has. */
const meanings = [['vacation', 'holiday', 'leave', 'off'], ['expenses', 'money', 'cost', 'spent', 'paid', 'refund'], ['deployment', 'deploy', 'release', 'rollout'], ['outage', 'down', 'incident'], ['revenue', 'sales', 'income']]

/** The documents that say something about the query, best first. */
export function searchDocuments (entries: readonly Entry[], question: Question) {
  const wanted = conceptsIn(question.query)
  return entries
    .filter((entry) => entry.type !== 'folder' && isAllowed(entry, question))
    .map((entry) => ({ entry, chunks: chunksOf(entry, wanted) }))
    .filter(({ chunks }) => chunks.length > 0)
    .sort((a, b) => (b.chunks[0]?.score ?? 0) - (a.chunks[0]?.score ?? 0))
    .slice(0, question.topK)
    .map(({ entry, chunks }) => toDocument(entry, chunks, question.isFullText))
}

function isAllowed (entry: Entry, { after, before, tagsIn, tagsNot, parentsIn, parentsNot }: Question): boolean {
  const lineage = lineageOf(entry)
  return (after === undefined || entry.timestamp > after) && (before === undefined || entry.timestamp < before) &&
    (tagsIn === undefined || tagsIn.some((tag) => entry.tags.includes(tag))) && !tagsNot.some((tag) => entry.tags.includes(tag)) &&
    (parentsIn === undefined || parentsIn.some((id) => lineage.includes(id))) && !parentsNot.some((id) => lineage.includes(id))
}

function chunksOf ({ title, passages }: Entry, wanted: Set<string>) {
  const inTitle = conceptsIn(title)
  let offset = 0
  return passages.map((text) => {
    const found = conceptsIn(text)
    const hits = [...wanted].filter((concept) => found.has(concept) || inTitle.has(concept))
    const chunk = { text, hash: `h${offset}`, offset, score: Math.round(1000 * hits.length / Math.max(wanted.size, 1)) / 1000, vector: null }
    offset += text.length + 2
    return chunk
  }).filter(({ score }) => score > 0).sort((a, b) => b.score - a.score)
}

function conceptsIn (text: string): Set<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? []
  return new Set(words.map((word) => meanings.find((group) => group.includes(word))?.[0] ?? word))
}

function toDocument (entry: Entry, chunks: ReturnType<typeof chunksOf>, isFullText: boolean) {
  const text = textOf(entry)
  return {
    data_source_id: entry.dataSourceId,
    document_id: entry.internalId,
    title: entry.title,
    created: entry.timestamp,
    timestamp: entry.timestamp,
    parent_id: entry.parentId,
    parents: lineageOf(entry),
    tags: entry.tags,
    source_url: entry.sourceUrl,
    hash: `d-${entry.internalId}`,
    text_size: Buffer.byteLength(text),
    chunk_count: entry.passages.length,
    text: isFullText ? text : null,
    chunks
  }
}
