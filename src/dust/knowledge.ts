import { toObject } from './json.ts'
import type { DataSourceView, FoundDocument, NodePage, Space } from './knowledge-types.ts'
import { readDataSourceViews, readDocuments, readNodePage, readSpaces } from './read-knowledge.ts'
import type { Requester } from './request.ts'

/** A question to one data source view. */
export interface DocumentSearch {
  spaceId: string
  dataSourceViewId: string
  query: string
  /** How many documents at most; 10 unless told. */
  topK?: number
  /** Whether the whole text of each document comes along. */
  fullText?: boolean
  /** Only documents of after or before that time, in milliseconds since the epoch. */
  after?: number
  before?: number
  tagsIn?: string[]
  tagsNot?: string[]
  /** Ids of nodes: only what is below one of them, or below none. */
  parentsIn?: string[]
  parentsNot?: string[]
}

/** Words of a title, or the nodes' own ids. */
export type NodeSearch = ({ query: string, searchSourceUrls?: boolean } | { nodeIds: string[] }) & {
  /** All that people share, when there is none. */
  spaceIds?: string[]
  type?: 'all' | 'document' | 'table'
  /** Of one page, 25 unless told. */
  limit?: number
  /** From the page before. */
  cursor?: string
}

const usualTopK = 10
const usualLimit = 25

export async function listSpaces (requester: Requester, kinds?: string[], signal?: AbortSignal): Promise<Space[]> {
  const answer = await requester.json({
    operation: 'list_spaces',
    method: 'GET',
    path: ['spaces'],
    ...(kinds !== undefined && { query: { kinds: kinds.join(',') } }),
    signal
  })
  return readSpaces(toObject(answer).spaces)
}

export async function listDataSourceViews (requester: Requester, spaceId: string, signal?: AbortSignal): Promise<DataSourceView[]> {
  const answer = await requester.json({ operation: 'list_data_source_views', method: 'GET', path: ['spaces', spaceId, 'data_source_views'], signal })
  return readDataSourceViews(toObject(answer).dataSourceViews)
}

export async function searchDocuments (requester: Requester, search: DocumentSearch, signal?: AbortSignal): Promise<FoundDocument[]> {
  const { query, topK = usualTopK, fullText = false, after, before } = search
  const several = Object.entries({ tags_in: search.tagsIn, tags_not: search.tagsNot, parents_in: search.parentsIn, parents_not: search.parentsNot })
  const answer = await requester.json({
    operation: 'search_documents',
    method: 'GET',
    path: ['spaces', search.spaceId, 'data_source_views', search.dataSourceViewId, 'search'],
    query: [
      ['query', query],
      ['top_k', String(topK)],
      // Dust takes every text for true, even "false".
      ['full_text', fullText ? 'true' : ''],
      ...(after === undefined ? [] : [pair('timestamp_gt', after)]),
      ...(before === undefined ? [] : [pair('timestamp_lt', before)]),
      ...several.flatMap(([name, values = []]) => values.map((value) => pair(name, value)))
    ],
    secrets: [query],
    signal
  })
  return readDocuments(toObject(answer).documents)
}

export async function searchNodes (requester: Requester, search: NodeSearch, signal?: AbortSignal): Promise<NodePage> {
  const { type = 'all', limit = usualLimit, cursor } = search
  const spaceIds = search.spaceIds ?? await sharedSpaces(requester, signal)
  // Dust takes no space for none, and not for all.
  if (spaceIds.length === 0) return { nodes: [], nextCursor: null, total: 0, isQueryTruncated: false }
  const answer = await requester.json({
    operation: 'search_nodes',
    method: 'POST',
    path: ['search'],
    // The page is taken from here; the limit in the body must be there, and isn't looked at.
    query: { limit: String(limit), ...(cursor !== undefined && { cursor }) },
    body: {
      ...('nodeIds' in search ? { nodeIds: search.nodeIds } : { query: search.query, searchSourceUrls: search.searchSourceUrls ?? false }),
      viewType: type,
      spaceIds,
      includeDataSources: false,
      limit
    },
    secrets: 'query' in search ? [search.query] : [],
    isIdempotent: true,
    signal
  })
  return readNodePage(answer)
}

/** What only lies in the system space was shared with nobody. */
async function sharedSpaces (requester: Requester, signal?: AbortSignal): Promise<string[]> {
  const spaces = await listSpaces(requester, ['global', 'regular', 'project'], signal)
  return spaces.filter(({ kind }) => kind !== 'system').map(({ sId }) => sId)
}

function pair (name: string, value: string | number): [string, string] {
  return [name, String(value)]
}
