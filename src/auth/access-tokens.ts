import { createHash, timingSafeEqual } from 'node:crypto'

/** Who may come in. Of a token only its hash is kept. */
export interface AccessToken {
  /** Who brings it. */
  name: string
  hash: Buffer
}

const ENTRY = /^([\w.@-]{1,64}):([\x21-\x7e]{16,})$/

/**
 * Reads `name:token`, separated by commas or line ends.
 *
 * @returns `null` when that isn't what the words are, or a token stands for two names
 */
export function parseAccessTokens (words: string): AccessToken[] | null {
  const tokens: AccessToken[] = []
  for (const entry of words.split(/[,\r\n]+/).map((entry) => entry.trim()).filter((entry) => entry !== '')) {
    const [, name, token] = ENTRY.exec(entry) ?? []
    if (name === undefined || token === undefined) return null
    tokens.push({ name, hash: hashOf(token) })
  }
  const isUnique = new Set(tokens.map(({ hash }) => hash.toString('hex'))).size === tokens.length
  return isUnique && tokens.length > 0 ? tokens : null
}

/** Who brings this token. Takes as long for a wrong one as for a right one, whichever it is. */
export function findCaller (tokens: readonly AccessToken[], token: string): string | undefined {
  const hash = hashOf(token)
  let caller: string | undefined
  for (const known of tokens) if (timingSafeEqual(known.hash, hash)) caller = known.name
  return caller
}

function hashOf (token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
