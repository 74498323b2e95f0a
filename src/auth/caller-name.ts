import { createHash } from 'node:crypto'

/** Longer ones make log lines that nobody reads. */
const LONGEST = 128
const HASHED = 'sha256:'

/**
 * What a caller is called here: the issuer's own name for them where that is fit for a log line, else its hash.
 * Two callers never have the same name.
 *
 * @param claim what the token says; `null` comes back when that names nobody
 */
export function nameCaller (claim: unknown): string | null {
  if (typeof claim !== 'string' || claim === '') return null
  const isPlain = claim.length <= LONGEST && /^[\x21-\x7e]+$/.test(claim) && !claim.startsWith(HASHED)
  return isPlain ? claim : HASHED + createHash('sha256').update(claim).digest('base64url')
}
