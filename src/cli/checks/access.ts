import { createAuthenticator } from '../../auth/create-authenticator.ts'
import type { Config } from '../../config.ts'
import { off, ok, wordsOf, wrong, type Finding } from '../finding.ts'

/** Looks whether callers can be let in: with OAuth, whether the authorization server tells its keys. */
export async function checkAccess ({ access, server }: Config): Promise<Finding> {
  const { mode, tokens, oauth } = access
  if (mode === 'none') return off(`AUTH_MODE is none: whoever reaches ${server.host} on port ${server.port} may ask`)
  if (mode === 'token') return ok(`${tokens.length} ${tokens.length === 1 ? 'token' : 'tokens'} in AUTH_TOKENS`)

  const { check, close } = await createAuthenticator(access, { onOutage: () => {}, onRecovery: () => {} })
  try {
    await check?.()
    return ok(`the keys of ${oauth?.issuer} were fetched`)
  } catch (error) {
    return wrong(`${wordsOf(error)}. Check OAUTH_ISSUER, OAUTH_JWKS_URL, the network and the firewall.`)
  } finally {
    close?.()
  }
}
