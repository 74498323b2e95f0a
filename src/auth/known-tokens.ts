import { readFile } from 'node:fs/promises'
import { findCaller, parseAccessTokens, type AccessToken } from './access-tokens.ts'
import type { Authenticator } from './authenticator.ts'
import { readBearerToken } from './bearer.ts'
import { CredentialRefused } from './refusal.ts'

/**
 * Lets those in who bring a token that is known here.
 *
 * @param file where the tokens came from, if they can be read from there again
 */
export function createTokenAuthenticator (known: readonly AccessToken[], file: string | null): Authenticator {
  let tokens = known

  return {
    reasons: ['missing', 'malformed', 'invalid'],
    hints: {},
    identify: async (authorization) => {
      const caller = findCaller(tokens, readBearerToken(authorization))
      if (caller === undefined) throw new CredentialRefused('invalid', 'the token is not known here')
      return caller
    },
    ...(file !== null && {
      reload: async () => {
        const read = parseAccessTokens(await readFile(file, 'utf8'))
        if (read === null) throw new Error('its content isn\'t a list of name:token')
        tokens = read
        return tokens.map(({ name }) => name)
      }
    })
  }
}
