/** Narrow readers of JSON that came over the wire: a missing or odd value becomes the stated default. */
export type JsonObject = Record<string, unknown>

const CODE = /^[a-z][\w.-]{0,63}$/i
const LAST_TIME_MS = Date.parse('9999-12-31T23:59:59.999Z')
/** Half of a pair that may lack the other one. */
const LONE_SURROGATE = /\\u[dD][89a-fA-F]/

export function isObject (value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function toObject (value: unknown): JsonObject {
  return isObject(value) ? value : {}
}

export function toList (value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

export function toText (value: unknown, otherwise = ''): string {
  return typeof value === 'string' ? value : otherwise
}

export function toTextOrNull (value: unknown): string | null {
  return typeof value === 'string' ? value : null
}

export function toNumber (value: unknown, otherwise = 0): number {
  return toNumberOrNull(value) ?? otherwise
}

/** JSON can write numbers that become infinite, and so nothing that can be passed on. */
export function toNumberOrNull (value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null
}

/** For counts and durations, which nobody downstream expects in parts. */
export function toInteger (value: unknown, otherwise = 0): number {
  return toIntegerOrNull(value) ?? otherwise
}

export function toIntegerOrNull (value: unknown): number | null {
  const integer = Math.round(toNumberOrNull(value) ?? NaN)
  return Number.isSafeInteger(integer) ? integer : null
}

/** Milliseconds since the epoch, as far as RFC 3339 can write them. */
export function toTime (value: unknown, otherwise = 0): number {
  return toTimeOrNull(value) ?? otherwise
}

export function toTimeOrNull (value: unknown): number | null {
  const ms = toNumberOrNull(value)
  return ms !== null && ms >= 0 && ms <= LAST_TIME_MS ? ms : null
}

/** A word that programs understand each other by; anything else could be somebody's text. */
export function toCodeOrNull (value: unknown): string | null {
  return typeof value === 'string' && CODE.test(value) ? value : null
}

/** Parses without throwing: `undefined` is no JSON value, so it can say that there was none. Texts come out well-formed. */
export function parseJson (text: string): unknown {
  try {
    return LONE_SURROGATE.test(text) ? JSON.parse(text, wellFormed) : JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which may be someone's answer.
    return undefined
  }
}

/** Half a character can't be written into an address, and not as UTF-8. */
function wellFormed (_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}
