import { createRandom } from './random.ts'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** Makes the two kinds of identifier that Dust gives to everything. Never the same pair twice; the same seed gives the same order. */
export interface Identifiers {
  /** Public, for URLs and bodies. */
  sId (prefix?: string): string
  /** Internal, a number. */
  id (): number
}

export function createIdentifiers (seed: number): Identifiers {
  const random = createRandom(seed, 'identifiers')
  let count = 0
  const issued = new Set<string>()

  function word (): string {
    return Array.from({ length: 10 }, () => letters.charAt(random.integer(0, letters.length - 1))).join('')
  }

  return {
    id: () => ++count,
    sId (prefix) {
      let fresh = word()
      while (issued.has(fresh)) fresh = word()
      issued.add(fresh)
      return prefix === undefined ? fresh : `${prefix}_${fresh}`
    }
  }
}
