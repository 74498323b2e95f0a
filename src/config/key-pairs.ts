import { parseList } from './units.ts'

/** Of what a header may be called. */
const NAME = /^[\w!#$%&'*+.^`|~/-]+$/

/**
 * `a=b,c=d%20e` -> `{ a: 'b', c: 'd e' }`, as OpenTelemetry writes headers and attributes. `null` when it isn't such a list.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables
 */
export function parseKeyPairs (words: string): Record<string, string> | null {
  const pairs: Array<[string, string]> = []
  for (const word of parseList(words)) {
    const at = word.indexOf('=')
    const name = word.slice(0, at).trimEnd()
    const value = decode(word.slice(at + 1).trimStart())
    if (at < 1 || !NAME.test(name) || value === null) return null
    pairs.push([name, value])
  }
  return Object.fromEntries(pairs)
}

/** `null` for what can't be decoded, or would end the line of a header. */
function decode (word: string): string | null {
  try {
    const value = decodeURIComponent(word)
    return /^[\P{Cc}\t]*$/u.test(value) ? value : null
  } catch {
    return null
  }
}
