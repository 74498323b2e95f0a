/** Words in the environment that stand for a number or a list: `4m`, `30s`, `a, b`. */

const BYTES = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 } as const
const MILLISECONDS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

function measure (word: string, units: Readonly<Record<string, number>>): number | null {
  const [, digits, unit] = /^([0-9]+)([a-z]*)$/.exec(word.toLowerCase()) ?? []
  const factor = unit === undefined ? undefined : units[unit]
  if (digits === undefined || factor === undefined) return null
  const value = Number(digits) * factor
  return Number.isSafeInteger(value) ? value : null
}

/** `4m` -> 4194304. Binary units k, m, g; none means bytes. `null` when it isn't a size above 0. */
export function parseSize (word: string): number | null {
  return measure(word, BYTES) || null
}

/** `15m` -> 900000 ms. Units ms, s, m, h, d; a plain `0` needs none. `null` when it isn't a duration. */
export function parseDuration (word: string): number | null {
  return word === '0' ? 0 : measure(word, MILLISECONDS)
}

/** `a, b,,` -> `['a', 'b']`. */
export function parseList (words: string): string[] {
  return words.split(',').map((word) => word.trim()).filter((word) => word !== '')
}
