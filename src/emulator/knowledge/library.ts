import { corpus, type Entry } from './corpus.ts'
import { spaces, views, type View } from './catalogue.ts'

const entries = new Map(corpus.map((entry) => [entry.internalId, entry]))

export function findEntry (internalId: string): Entry | undefined {
  return entries.get(internalId)
}

export function findView (spaceId: string, viewId: string): View | undefined {
  return views.find((view) => view.spaceId === spaceId && view.sId === viewId)
}

export function viewById (viewId: string): View | undefined {
  return views.find(({ sId }) => sId === viewId)
}

export function hasSpace (spaceId: string): boolean {
  return spaces.some(({ sId }) => sId === spaceId)
}

export function spaceName (spaceId: string): string {
  return spaces.find(({ sId }) => sId === spaceId)?.name ?? ''
}

/** The entry and what it's in, from the inside out. */
export function lineageOf (entry: Entry): string[] {
  const parent = entry.parentId === null ? undefined : entries.get(entry.parentId)
  return [entry.internalId, ...(parent === undefined ? [] : lineageOf(parent))]
}

/** Whether somebody who looks through the view sees the entry. */
export function isSeenThrough ({ dataSource, parentsIn }: View, entry: Entry): boolean {
  return dataSource.sId === entry.dataSourceId && (parentsIn === null || lineageOf(entry).some((id) => parentsIn.includes(id)))
}

export function entriesThrough (view: View): Entry[] {
  return corpus.filter((entry) => isSeenThrough(view, entry))
}

export function textOf ({ passages }: Entry): string {
  return passages.join('\n\n')
}
