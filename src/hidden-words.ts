/** What nobody passes to the log on purpose. */
const HIDDEN = new Set(['apiKey', 'authorization', 'headers'])

/**
 * The same words for the log, without what must not be told, at the top and one level below: the second line of defence, should a plugin
 * log more than it means to. pino's own redaction would do the same, but takes as long as the rest of a line when it finds nothing.
 */
export function hideWords (line: Record<string, unknown>): Record<string, unknown> {
  return hideIn(line, (value) => isPlain(value) ? hideIn(value) : value)
}

/** @param show what to tell of any other value */
function hideIn (words: Record<string, unknown>, show: (value: unknown) => unknown = (value) => value): Record<string, unknown> {
  let safe = words
  for (const key of Object.keys(words)) {
    const shown = HIDDEN.has(key) ? '(redacted)' : show(words[key])
    if (shown !== words[key]) safe = { ...safe, [key]: shown }
  }
  return safe
}

/** What has a class has a serializer, or says nothing of itself. */
function isPlain (value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
