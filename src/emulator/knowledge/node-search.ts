import { ApiError } from '../errors.ts'
import { views } from './catalogue.ts'
import { corpus, type Entry } from './corpus.ts'
import { findEntry, hasSpace, isSeenThrough, lineageOf } from './library.ts'

export interface NodeQuestion {
  query: string | undefined
  nodeIds: readonly string[] | undefined
  viewType: string
  spaceIds: readonly string[]
  areAddressesSearched: boolean
  limit: number
  cursor: string | undefined
}

const mostWords = 30

/**
 * Nodes by their titles, a page at a time. No space is no space: nothing is found there.
 *
 * @throws {ApiError} 404 space_not_found, 400 invalid_pagination_parameters
 */
export function searchNodes ({ query, nodeIds, viewType, spaceIds, areAddressesSearched, limit, cursor }: NodeQuestion) {
  if (!spaceIds.every(hasSpace)) throw new ApiError(404, 'space_not_found', 'Invalid space ids.')
  const start = offsetOf(cursor)
  const open = views.filter(({ spaceId }) => spaceIds.includes(spaceId))
  const words = (query ?? '').toLowerCase().split(/\s+/).filter((word) => word !== '')
  const matches = corpus
    .filter((entry) => nodeIds === undefined ? isMatch(entry, words.slice(0, mostWords), areAddressesSearched) : nodeIds.includes(entry.internalId))
    .filter(({ type }) => viewType === 'all' || type === viewType)
    .map((entry) => ({ entry, dataSourceViews: open.filter((view) => isSeenThrough(view, entry)) }))
    .filter(({ dataSourceViews }) => dataSourceViews.length > 0)
  const end = start + limit
  return {
    nodes: matches.slice(start, end).flatMap(({ entry, dataSourceViews }) => toNode(entry, dataSourceViews)),
    warningCode: words.length > mostWords ? 'truncated-query-clauses' : null,
    resultsCount: matches.length,
    nextPageCursor: end < matches.length ? Buffer.from(`after:${end}`).toString('base64url') : null
  }
}

function isMatch ({ title, sourceUrl }: Entry, words: string[], areAddressesSearched: boolean): boolean {
  const text = `${title} ${areAddressesSearched ? sourceUrl ?? '' : ''}`.toLowerCase()
  return words.length > 0 && words.every((word) => text.includes(word))
}

function offsetOf (cursor: string | undefined): number {
  if (cursor === undefined) return 0
  const [, offset] = /^after:(\d+)$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (offset === undefined) throw new ApiError(400, 'invalid_pagination_parameters', 'Invalid pagination parameters.')
  return Number(offset)
}

function toNode (entry: Entry, dataSourceViews: typeof views) {
  const [first] = dataSourceViews
  const parent = entry.parentId === null ? undefined : findEntry(entry.parentId)
  return first === undefined
    ? []
    : [{
        internalId: entry.internalId,
        title: entry.title,
        type: entry.type,
        mimeType: entry.mimeType,
        parentInternalId: entry.parentId,
        parentsInternalIds: lineageOf(entry),
        parentTitle: parent?.title ?? null,
        expandable: entry.type === 'folder',
        lastUpdatedAt: entry.timestamp,
        sourceUrl: entry.sourceUrl,
        preventSelection: false,
        providerVisibility: null,
        permission: 'read',
        dataSource: first.dataSource,
        dataSourceViews
      }]
}
