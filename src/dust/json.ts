/** Narrow readers of JSON that came over the wire: a missing or odd value becomes the stated default. */
export type JsonObject = Record<string, unknown>

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
  return typeof value === 'number' ? value : otherwise
}

export function toNumberOrNull (value: unknown): number | null {
  return typeof value === 'number' ? value : null
}

/** Parses without throwing: `undefined` is no JSON value, so it can say that there was none. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which may be someone's answer.
    return undefined
  }
}
