import { AnswerError, fetchJson } from './fetch-json.ts'
import { isTrustworthy } from './trustworthy-url.ts'

/**
 * Asks an authorization server where its keys are.
 *
 * @param issuer as tokens name it
 * @throws {Error} when its metadata can't be fetched or say something else
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3
 */
export async function discoverKeys (issuer: string, signal: AbortSignal): Promise<URL> {
  const metadata = await fetchMetadata(issuer, signal)
  if (metadata['issuer'] !== issuer) throw new Error(`OAUTH_ISSUER is ${issuer}, but there the issuer calls itself ${JSON.stringify(metadata['issuer'])}`)
  const address = metadata['jwks_uri']
  if (typeof address !== 'string' || !isTrustworthy(address)) throw new Error(`the metadata of ${issuer} have no jwks_uri that can be trusted; OAUTH_JWKS_URL can say it`)
  return new URL(address)
}

async function fetchMetadata (issuer: string, signal: AbortSignal): Promise<Record<string, unknown>> {
  for (const url of metadataUrls(issuer)) {
    try {
      return Object(await fetchJson(url, signal))
    } catch (error) {
      const isElsewhere = error instanceof AnswerError && error.status < 500
      if (!isElsewhere) throw error
    }
  }
  throw new Error(`${issuer} has no metadata at any of ${metadataUrls(issuer).map(({ pathname }) => pathname).join(' ')}; OAUTH_JWKS_URL can say where its keys are`)
}

/** Where they may be, in the order in which MCP's clients look, too. */
function metadataUrls (issuer: string): URL[] {
  const { pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  const paths = [`/.well-known/oauth-authorization-server${path}`, `/.well-known/openid-configuration${path}`, `${path}/.well-known/openid-configuration`]
  return [...new Set(paths)].map((path) => new URL(path, issuer))
}
