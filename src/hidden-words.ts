/** What nobody passes to the log on purpose. */
const HIDDEN = ['apiKey', 'authorization', 'headers']

/**
 * The same words for the log, without what must not be told, at the top and one level below: the second line of defence, should a plugin
 * log more than it means to. pino's own redaction would do the same, but takes as long as the rest of a line when it finds nothing.
 */
export function hideWords (line: Record<string, unknown>): Record<string, unknown> {
  let hidden = hideIn(line)
  for (const key in line) {
    const value = line[key]
    if (!isPlain(value)) continue
    const safe = hideIn(value)
    if (safe !== value) hidden = { ...hidden, [key]: hidden[key] === value ? safe : hidden[key] }
  }
  return hidden
}

function hideIn (words: Record<string, unknown>): Record<string, unknown> {
  let safe = words
  for (const key of HIDDEN) if (Object.hasOwn(words, key)) safe = { ...safe, [key]: '(redacted)' }
  return safe
}

/** What has a class has a serializer, or says nothing of itself. */
function isPlain (value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
