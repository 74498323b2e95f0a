import type { CredentialRefused } from './refusal.ts'

/** What a challenge tells beside why the request was refused. */
export interface ChallengeHints {
  /** Where it's written who gives out tokens. */
  resourceMetadata?: string
  /** What a token must allow. */
  scopes?: readonly string[]
}

const REALM = 'mcp-dust-server'

/**
 * What `WWW-Authenticate` says to a request that was refused.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6750#section-3
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-5.1
 */
export function createChallenge ({ error, description }: CredentialRefused, { resourceMetadata, scopes = [] }: ChallengeHints): string {
  const parameters: Array<[string, string]> = [['realm', REALM]]
  if (error !== null) parameters.push(['error', error], ['error_description', description])
  if (scopes.length > 0) parameters.push(['scope', scopes.join(' ')])
  if (resourceMetadata !== undefined) parameters.push(['resource_metadata', resourceMetadata])
  return `Bearer ${parameters.map(([name, value]) => `${name}="${value}"`).join(', ')}`
}
