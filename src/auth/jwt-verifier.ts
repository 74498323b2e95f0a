import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyOptions } from 'jose'
import { nameCaller } from './caller-name.ts'
import { KeysUnavailable, type KeySource } from './key-source.ts'
import { CredentialRefused } from './refusal.ts'

export interface JwtVerifierOptions {
  /** As the tokens name it. */
  issuer: string
  /** Whom the tokens must be for. */
  audience: string
  /** What they must allow: all of these. */
  scopes: readonly string[]
  /** The claim that names the caller. */
  callerClaim: string
  keys: KeySource
}

/** Signatures that need a private key. With a shared secret, the public key could be taken for it. */
const ALGORITHMS = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519']

/** How far the clocks may be apart. */
const CLOCK_TOLERANCE_SECONDS = 5

/**
 * Checks an access token that is a JWT, and says whose it is.
 *
 * @throws {CredentialRefused}
 * @see https://www.rfc-editor.org/rfc/rfc9068#section-4
 */
export async function verifyJwt (token: string, options: JwtVerifierOptions): Promise<string> {
  refuseStrangers(token, options)
  const payload = await verify(token, options)
  const granted = scopesOf(payload)
  if (!options.scopes.every((scope) => granted.has(scope))) throw new CredentialRefused('insufficient_scope', 'the token does not allow this')
  const name = nameCaller(payload[options.callerClaim])
  if (name === null) throw new CredentialRefused('invalid', `the token does not say who brings it (${options.callerClaim})`)
  return name
}

/** What can't be right needs no keys; nobody may be asked for keys because of it. */
function refuseStrangers (token: string, { issuer }: JwtVerifierOptions): void {
  const { alg, typ, iss } = peek(token)
  if (!ALGORITHMS.includes(String(alg))) throw new CredentialRefused('invalid', 'the token is not signed with an algorithm that counts')
  if (!isAccessTokenType(typ)) throw new CredentialRefused('invalid', 'the token is not an access token')
  if (iss !== issuer) throw new CredentialRefused('wrong_issuer', `the token is not of ${issuer}`)
}

/** What a token says of itself, whoever wrote it. */
function peek (token: string) {
  try {
    const { alg, typ } = decodeProtectedHeader(token)
    const { iss } = decodeJwt(token)
    return { alg, typ, iss }
  } catch {
    // What the parser says would quote the token.
    throw new CredentialRefused('invalid', 'the token is not a JWT')
  }
}

/** Some servers call it a JWT, or nothing; other kinds, such as a logout token, have a type of their own. */
function isAccessTokenType (typ: unknown): boolean {
  return typ === undefined || (typeof typ === 'string' && ['at+jwt', 'jwt'].includes(typ.toLowerCase().replace(/^application\//, '')))
}

async function verify (token: string, { issuer, audience, callerClaim, keys }: JwtVerifierOptions): Promise<JWTPayload> {
  const options = { algorithms: ALGORITHMS, issuer, audience, clockTolerance: CLOCK_TOLERANCE_SECONDS, requiredClaims: ['exp', callerClaim] }
  try {
    try {
      const { payload } = await jwtVerify(token, keys.find, options)
      return payload
    } catch (error) {
      if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error
      return await verifyWithAny(token, error, options)
    }
  } catch (error) {
    throw refusalFor(error, audience)
  }
}

/** Not every server says which of its keys it has signed with, and while it changes them there are two. */
async function verifyWithAny (token: string, keys: errors.JWKSMultipleMatchingKeys, options: JWTVerifyOptions): Promise<JWTPayload> {
  for await (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, key, options)
      return payload
    } catch (error) {
      // Its claims are only looked at when the key was right.
      if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) throw error
    }
  }
  throw new errors.JWSSignatureVerificationFailed()
}

function refusalFor (error: unknown, audience: string): CredentialRefused {
  if (error instanceof KeysUnavailable) return new CredentialRefused('unavailable', 'the token can\'t be checked now; try again later', { cause: error })
  // Without the others as a cause: they hold what the token says.
  if (error instanceof errors.JWTExpired) return new CredentialRefused('expired', 'the token has expired')
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === 'aud') return new CredentialRefused('wrong_audience', `the token is not for ${audience}`)
    if (error.claim === 'nbf' && error.reason === 'check_failed') return new CredentialRefused('not_yet_valid', 'the token is not valid yet')
    return new CredentialRefused('invalid', 'the token lacks a claim that is needed, or has it in a wrong form')
  }
  return new CredentialRefused('invalid', 'the token is not signed with a key of its issuer')
}

/** What a token allows: words in `scope`, or in `scp`, as a text or a list. */
function scopesOf ({ scope, scp }: JWTPayload): ReadonlySet<unknown> {
  return new Set([scope, scp].flatMap((granted) => typeof granted === 'string' ? granted.split(' ') : Array.isArray(granted) ? granted : []))
}
