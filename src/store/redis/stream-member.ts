import type { StreamKey } from '../event-log.ts'

/** A session as the hash tag of its keys, which ends at the first brace. */
export function tagOf (session: string): string {
  return `{${encodeURIComponent(session)}}`
}

/** A stream as it is called in the indexes, and at the end of its keys. */
export function memberOf ({ session, stream }: StreamKey): string {
  return `${tagOf(session)}:${stream}`
}

export function keyOf (member: string): StreamKey {
  const end = member.indexOf('}')
  return { session: decodeURIComponent(member.slice(1, end)), stream: member.slice(end + 2) }
}
