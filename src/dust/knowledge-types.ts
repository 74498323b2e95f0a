/** The parts of Dust's knowledge that are read, with what tools need of them. Times are milliseconds since the epoch. */

export interface Space {
  sId: string
  name: string
  /** global, regular, project, system and others. `system` is where connections live that were not shared with a space. */
  kind: string
  isRestricted: boolean
}

export interface DataSource {
  sId: string
  name: string
  description: string | null
  /** Such as `notion`; `null` for a folder. */
  connectorProvider: string | null
}

/** A data source, or a part of it, as it's seen from a space. */
export interface DataSourceView {
  sId: string
  spaceId: string
  /** `default` for all of the data source, `custom` for the branches below `parentsIn`. */
  kind: string
  /** managed, folder, website, apps, actions or triggers */
  category: string
  parentsIn: string[] | null
  dataSource: DataSource
}

/** A document in which something was found by its meaning. */
export interface FoundDocument {
  documentId: string
  dataSourceId: string
  parentId: string | null
  /** `null` when Dust doesn't tell. */
  title: string | null
  sourceUrl: string | null
  tags: string[]
  timestamp: number
  /** The whole text, if it was asked for. */
  text: string | null
  /** The passages that match, best first. */
  chunks: Array<{ text: string, offset: number, score: number | null }>
}

/** A document, table or folder of a data source. */
export interface ContentNode {
  internalId: string
  title: string
  type: string
  mimeType: string
  parentInternalId: string | null
  parentTitle: string | null
  lastUpdatedAt: number | null
  sourceUrl: string | null
  dataSource: DataSource
  /** Those of the spaces that were searched. With the first one's `sId` the node can be attached. */
  dataSourceViews: DataSourceView[]
}

export interface NodePage {
  nodes: ContentNode[]
  /** What gets the next page; `null` after the last one. */
  nextCursor: string | null
  /** How many there are on all pages; `null` when Dust doesn't tell. */
  total: number | null
  /** The query was too long, and only its beginning counted. */
  isQueryTruncated: boolean
}
