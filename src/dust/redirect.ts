import { DustError } from './errors.ts'
import type { DustOperation } from './operations.ts'

const maxRedirects = 3

export interface Redirect {
  operation: DustOperation
  status: number
  location: string
  from: URL
  /** How many were followed before this one. */
  count: number
}

/**
 * Where a redirect leads. The key travels along, so it may not leave the origin: neither host, port nor scheme may change.
 * Throws a DustError of kind `invalid_response`.
 */
export function redirectTarget (redirect: Redirect): URL {
  const { location, from, count } = redirect
  const target = URL.parse(location, from.href)
  if (target === null) throw redirectError(redirect, 'nowhere')
  if (target.origin !== from.origin) throw redirectError(redirect, `away from ${from.origin} to ${target.origin}`)
  if (count === maxRedirects) throw redirectError(redirect, 'in circles')
  return target
}

function redirectError ({ operation, status }: Redirect, where: string): DustError {
  return new DustError({
    operation,
    kind: 'invalid_response',
    status,
    message: `Dust redirected the event stream ${where}, which is not followed: check DUST_BASE_URL and the proxy in between.`
  })
}
