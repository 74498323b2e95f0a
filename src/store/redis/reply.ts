/** A reply of Redis as a list. */
export function toList (reply: unknown): unknown[] {
  if (!Array.isArray(reply)) throw new TypeError(`Redis answered with ${typeof reply}, and not with a list`)
  return reply
}

export function toTexts (reply: unknown): string[] {
  return toList(reply).map(String)
}

/** A list of names and values in turn, as a hash comes out of a script. */
export function toFields (reply: unknown): Map<string, string> {
  const texts = toTexts(reply)
  const fields = new Map<string, string>()
  for (let index = 0; index + 1 < texts.length; index += 2) fields.set(texts[index] ?? '', texts[index + 1] ?? '')
  return fields
}
