import type { Environment } from './environment.ts'

const ONLY_FOR_OAUTH = ['OAUTH_ISSUER', 'OAUTH_AUDIENCE', 'OAUTH_JWKS_URL', 'OAUTH_SCOPES'] as const

/** What AUTH_MODE=oauth lacks, and what would count for nothing because of the mode. */
export function oauthFaults (env: Environment): string[] {
  const { AUTH_MODE: mode } = env
  if (mode !== 'oauth') {
    return ONLY_FOR_OAUTH.filter((name) => env[name] !== undefined)
      .map((name) => `${name} is set, but AUTH_MODE is ${mode}, so it would not count; set AUTH_MODE to oauth, or leave it out`)
  }
  const faults: string[] = []
  if (env.OAUTH_ISSUER === undefined) faults.push('OAUTH_ISSUER is not set, but AUTH_MODE is oauth; it must be the address of the authorization server')
  if (env.OAUTH_AUDIENCE === undefined) faults.push('OAUTH_AUDIENCE is not set, but AUTH_MODE is oauth; it must be the address under which clients reach /mcp')
  if (env.AUTH_TOKENS !== undefined) faults.push('AUTH_TOKENS is set, but AUTH_MODE is oauth, so these tokens would not count; set AUTH_MODE to token, or leave them out')
  return faults
}
