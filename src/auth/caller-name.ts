import { createHash } from 'node:crypto'
import { isKeyedCaller } from '../keyed-caller.ts'
import { ANONYMOUS } from './authenticator.ts'

/** Longer ones make log lines that nobody reads. */
const LONGEST = 128
const HASHED = 'sha256:'

/**
 * What a caller is called here: the issuer's own name for them where that is fit for a log line, else its hash.
 * Two callers never have the same name, and none has one that stands for something else here.
 *
 * @param claim what the token says; `null` comes back when that names nobody
 */
export function nameCaller (claim: unknown): string | null {
  if (typeof claim !== 'string' || claim === '') return null
  const isPlain = claim.length <= LONGEST && /^[\x21-\x7e]+$/.test(claim)
  const isTaken = claim === ANONYMOUS || claim.startsWith(HASHED) || isKeyedCaller(claim)
  return isPlain && !isTaken ? claim : HASHED + createHash('sha256').update(claim).digest('base64url')
}
