import { LIST_KINDS, type ListKind } from './catalog.ts'
import { isObject } from './json-rpc.ts'

/** What clients are told of when it happens: a list or a resource that they know isn't the same any more. */
export type Change = { list: ListKind } | { resource: string }

/** Knows a change by its shape: another replica may tell of it. */
export function readChange (value: unknown): Change | undefined {
  if (!isObject(value)) return undefined
  const list = LIST_KINDS.find((kind) => kind === value['list'])
  if (list !== undefined) return { list }
  return typeof value['resource'] === 'string' ? { resource: value['resource'] } : undefined
}

/** As the notification of MCP. */
export function toNotification (change: Change) {
  return 'list' in change
    ? { method: `notifications/${change.list}/list_changed` } as const
    : { method: 'notifications/resources/updated', params: { uri: change.resource } } as const
}
