import type { Authenticator } from './authenticator.ts'
import { readBearerToken } from './bearer.ts'
import { verifyJwt } from './jwt-verifier.ts'
import { KeySource, type KeySourceOptions } from './key-source.ts'
import { metadataUrl } from './resource-metadata.ts'

export interface OAuthOptions extends KeySourceOptions {
  /** The address of the endpoint, which tokens must be for. */
  audience: string
  scopes: readonly string[]
  callerClaim: string
}

/** Lets those in who bring an access token that the authorization server has made for this service. */
export function createOAuthAuthenticator (options: OAuthOptions): Authenticator {
  const { audience, scopes } = options
  const keys = new KeySource(options)

  return {
    reasons: ['missing', 'malformed', 'invalid', 'expired', 'not_yet_valid', 'wrong_issuer', 'wrong_audience', 'insufficient_scope', 'unavailable'],
    hints: { resourceMetadata: metadataUrl(audience), scopes },
    identify: async (authorization) => verifyJwt(readBearerToken(authorization), { ...options, keys }),
    check: () => keys.refresh(),
    close: () => { keys.close() }
  }
}
