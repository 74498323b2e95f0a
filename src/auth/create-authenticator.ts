import type { Config } from '../config.ts'
import { anybody, type Authenticator } from './authenticator.ts'
import type { KeySourceOptions } from './key-source.ts'
import { createTokenAuthenticator } from './known-tokens.ts'

/** Makes what AUTH_MODE asks for. */
export async function createAuthenticator ({ mode, tokens, tokensFile, oauth }: Config['access'], events: Pick<KeySourceOptions, 'onOutage' | 'onRecovery'>): Promise<Authenticator> {
  if (mode === 'token') return createTokenAuthenticator(tokens, tokensFile)
  if (oauth !== null) {
    // What checks signatures takes memory that nobody else needs.
    const { createOAuthAuthenticator } = await import('./oauth.ts')
    return createOAuthAuthenticator({ ...oauth, ...events })
  }
  return anybody
}
