/** Where clients look for it, before the path of what it describes. */
const WELL_KNOWN = '/.well-known/oauth-protected-resource'

export interface ProtectedResource {
  /** Its address, without a slash at the end unless that counts. */
  audience: string
  issuer: string
  scopes: readonly string[]
}

/**
 * What clients must know to get a token for this service.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9728#section-2
 */
export function describeResource ({ audience, issuer, scopes }: ProtectedResource) {
  return {
    resource: audience,
    resource_name: 'Dust',
    authorization_servers: [issuer],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    bearer_methods_supported: ['header']
  }
}

/** The address of the description, as its users see it. */
export function metadataUrl (audience: string): string {
  const { origin, pathname, search } = new URL(audience)
  return origin + WELL_KNOWN + withoutSlash(pathname) + search
}

/** The paths under which it is served: that of the address, and those that clients try by themselves. */
export function metadataPaths (audience: string): string[] {
  return [...new Set([WELL_KNOWN, `${WELL_KNOWN}/mcp`, WELL_KNOWN + withoutSlash(new URL(audience).pathname)])]
}

function withoutSlash (path: string): string {
  return path.replace(/\/$/, '')
}
