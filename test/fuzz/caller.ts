import type { Random } from '../../src/emulator/random.ts'

/** Whom the fuzzer plays, with what it has in hand: a case names a session by its place, as it can't know what the server calls it. */
export interface Caller {
  name: string
  /** `null` where nobody needs one. */
  token: string | null
  sessions: string[]
  /** The last of what the server has given out to this caller. */
  taskIds: string[]
  eventIds: string[]
}

export const SESSIONS_EACH = 8
const KEPT = 50

export function createCaller (name: string, token: string | null): Caller {
  return { name, token, sessions: [], taskIds: [], eventIds: [] }
}

export function authorization ({ token }: Caller): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** Remembers the ids of an answer, to come back with them. */
export function learn (caller: Caller, text: string): void {
  for (const [list, pattern] of [[caller.taskIds, /"taskId":"([\da-f-]{36})"/g], [caller.eventIds, /^id: (\S+)$/gm]] as const) {
    for (const [, id] of text.matchAll(pattern)) if (id !== undefined) list.push(id)
    list.splice(0, list.length - KEPT)
  }
}

/** One of the list, or something else when it's empty. */
export function oneOf (random: Random, list: readonly string[], otherwise: string): string {
  return list[random.integer(0, Math.max(list.length - 1, 0))] ?? otherwise
}
