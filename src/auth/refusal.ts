interface Kind {
  /** Of HTTP. */
  status: 401 | 403 | 503
  /** By which routes know it. */
  code: 'UNAUTHORIZED' | 'INSUFFICIENT_SCOPE' | 'AUTHORIZATION_UNAVAILABLE'
  /** What the message begins with. */
  title: string
  /** What a challenge calls it; `null` when the request brought nothing that could be wrong. */
  error: 'invalid_token' | 'insufficient_scope' | null
}

const NOTHING_BROUGHT: Kind = { status: 401, code: 'UNAUTHORIZED', title: 'Unauthorized', error: null }
const INVALID_TOKEN: Kind = { ...NOTHING_BROUGHT, error: 'invalid_token' }

/**
 * Every reason not to let a request in.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3.1
 */
const KINDS = {
  missing: NOTHING_BROUGHT,
  malformed: NOTHING_BROUGHT,
  invalid: INVALID_TOKEN,
  expired: INVALID_TOKEN,
  not_yet_valid: INVALID_TOKEN,
  wrong_issuer: INVALID_TOKEN,
  wrong_audience: INVALID_TOKEN,
  insufficient_scope: { status: 403, code: 'INSUFFICIENT_SCOPE', title: 'Forbidden', error: 'insufficient_scope' },
  unavailable: { status: 503, code: 'AUTHORIZATION_UNAVAILABLE', title: 'Service Unavailable', error: null }
} as const satisfies Record<string, Kind>

export type RefusalReason = keyof typeof KINDS

/** A request came without a credential that counts, or its credential couldn't be checked. */
export class CredentialRefused extends Error {
  readonly reason: RefusalReason
  readonly code: Kind['code']
  readonly statusCode: Kind['status']
  /** What a challenge calls it, if it was the token's fault. */
  readonly error: Kind['error']
  /** The words alone, without the title of the status. */
  readonly description: string

  /** @param description for whoever asked: nothing of the token, and no `"` or `\`, which a challenge can't hold */
  constructor (reason: RefusalReason, description: string, options?: ErrorOptions) {
    const { status, code, title, error } = KINDS[reason]
    super(`${title}: ${description}`, options)
    this.name = 'CredentialRefused'
    this.reason = reason
    this.code = code
    this.statusCode = status
    this.error = error
    this.description = description
  }
}
