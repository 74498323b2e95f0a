import { CredentialRefused } from './refusal.ts'

/**
 * The token of an `Authorization` header.
 *
 * @throws {CredentialRefused} when there is none
 */
export function readBearerToken (header: string | undefined): string {
  if (header === undefined) throw new CredentialRefused('missing', 'a bearer token is needed')
  const [, token] = /^Bearer +(\S+)$/i.exec(header) ?? []
  if (token === undefined) throw new CredentialRefused('malformed', 'the Authorization header must be Bearer and a token')
  return token
}
