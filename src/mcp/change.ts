import type { ListKind } from './catalog.ts'

/** What clients are told of when it happens: a list or a resource that they know isn't the same any more. */
export type Change = { list: ListKind } | { resource: string }

/** As the notification of MCP. */
export function toNotification (change: Change) {
  return 'list' in change
    ? { method: `notifications/${change.list}/list_changed` } as const
    : { method: 'notifications/resources/updated', params: { uri: change.resource } } as const
}
