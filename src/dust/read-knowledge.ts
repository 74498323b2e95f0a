import { toIntegerOrNull, toList, toNumber, toNumberOrNull, toObject, toText, toTextOrNull, toTime, toTimeOrNull } from './json.ts'
import type { ContentNode, DataSource, DataSourceView, FoundDocument, NodePage, Space } from './knowledge-types.ts'
import { texts } from './read-conversation.ts'

/** Reads a list, without the entries that lack what they are known by. */
function readAll<Value> (value: unknown, read: (value: unknown) => Value | null): Value[] {
  return toList(value).map(read).filter((item) => item !== null)
}

export function readSpaces (value: unknown): Space[] {
  return readAll(value, (item) => {
    const space = toObject(item)
    return typeof space.sId === 'string'
      ? { sId: space.sId, name: toText(space.name), kind: toText(space.kind), isRestricted: space.isRestricted === true }
      : null
  })
}

function readDataSource (value: unknown): DataSource {
  const source = toObject(value)
  return {
    sId: toText(source.sId),
    name: toText(source.name),
    description: toTextOrNull(source.description),
    connectorProvider: toTextOrNull(source.connectorProvider)
  }
}

export function readDataSourceViews (value: unknown): DataSourceView[] {
  return readAll(value, (item) => {
    const view = toObject(item)
    if (typeof view.sId !== 'string') return null
    return {
      sId: view.sId,
      spaceId: toText(view.spaceId),
      kind: toText(view.kind),
      category: toText(view.category),
      parentsIn: Array.isArray(view.parentsIn) ? texts(view.parentsIn) : null,
      dataSource: readDataSource(view.dataSource)
    }
  })
}

export function readDocuments (value: unknown): FoundDocument[] {
  return readAll(value, (item) => {
    const document = toObject(item)
    if (typeof document.document_id !== 'string') return null
    return {
      documentId: document.document_id,
      dataSourceId: toText(document.data_source_id),
      parentId: toTextOrNull(document.parent_id),
      title: toTextOrNull(document.title),
      sourceUrl: toTextOrNull(document.source_url),
      tags: texts(document.tags),
      timestamp: toTime(document.timestamp),
      text: toTextOrNull(document.text),
      chunks: toList(document.chunks).map(toObject).map(({ text, offset, score }) => ({ text: toText(text), offset: toNumber(offset), score: toNumberOrNull(score) }))
    }
  })
}

export function readNodePage (value: unknown): NodePage {
  const page = toObject(value)
  return {
    nodes: readAll(page.nodes, readNode),
    nextCursor: toText(page.nextPageCursor) || null,
    total: toIntegerOrNull(page.resultsCount),
    isQueryTruncated: page.warningCode === 'truncated-query-clauses'
  }
}

function readNode (value: unknown): ContentNode | null {
  const node = toObject(value)
  if (typeof node.internalId !== 'string') return null
  return {
    internalId: node.internalId,
    title: toText(node.title),
    type: toText(node.type),
    mimeType: toText(node.mimeType),
    parentInternalId: toTextOrNull(node.parentInternalId),
    parentTitle: toTextOrNull(node.parentTitle),
    lastUpdatedAt: toTimeOrNull(node.lastUpdatedAt),
    sourceUrl: toTextOrNull(node.sourceUrl),
    dataSource: readDataSource(node.dataSource),
    dataSourceViews: readDataSourceViews(node.dataSourceViews)
  }
}
