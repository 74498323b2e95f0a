import type { Config } from '../config.ts'
import { anybody, type Authenticator } from './authenticator.ts'
import type { KeySourceOptions } from './key-source.ts'
import { createTokenAuthenticator } from './known-tokens.ts'
import { createOAuthAuthenticator } from './oauth.ts'

/** Makes what AUTH_MODE asks for. */
export function createAuthenticator ({ mode, tokens, tokensFile, oauth }: Config['access'], events: Pick<KeySourceOptions, 'onOutage' | 'onRecovery'>): Authenticator {
  if (mode === 'token') return createTokenAuthenticator(tokens, tokensFile)
  if (oauth !== null) return createOAuthAuthenticator({ ...oauth, ...events })
  return anybody
}
