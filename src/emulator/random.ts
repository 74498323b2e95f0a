/** A reproducible source of choices: the same parts give the same sequence, in every process. */
export interface Random {
  /** From 0 (included) to 1 (excluded). */
  next (): number
  /** Both ends included. */
  integer (minimum: number, maximum: number): number
  chance (probability: number): boolean
  pick<Item> (choices: readonly [Item, ...Item[]]): Item
}

/** Seeds a mulberry32 generator with the FNV-1a hash of `parts`. */
export function createRandom (...parts: Array<string | number>): Random {
  let state = hash(parts.join('\u0000'))

  function next (): number {
    state = (state + 0x6D2B79F5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  return {
    next,
    integer: (minimum, maximum) => minimum + Math.floor(next() * (maximum - minimum + 1)),
    chance: (probability) => next() < probability,
    pick: (choices) => choices[Math.floor(next() * choices.length)] ?? choices[0]
  }
}

function hash (text: string): number {
  let value = 0x811C9DC5
  for (const byte of new TextEncoder().encode(text)) value = Math.imul(value ^ byte, 0x01000193)
  return value
}
