/** More digits would take their time to become numbers. */
const pattern = /^(\d{1,20})-(\d{1,20})$/

/**
 * Whether an event comes after the last one seen. Ids are `<ms>-<n>` and count by their parts: as text, `5-10` would come before `5-9`.
 * An id of another form is new unless it is the same; an event without id always is.
 */
export function isNewer (id: string | null, lastId: string | null): boolean {
  if (id === null || lastId === null) return true
  const [, ms, n] = pattern.exec(id) ?? []
  const [, lastMs, lastN] = pattern.exec(lastId) ?? []
  if (ms === undefined || lastMs === undefined) return id !== lastId
  const sinceMs = BigInt(ms) - BigInt(lastMs)
  return sinceMs > 0n || (sinceMs === 0n && BigInt(n ?? 0) > BigInt(lastN ?? 0))
}
