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

/** Where Dust keeps files, behind addresses that open by themselves. */
const storageOrigin = 'https://storage.googleapis.com'

/**
 * Where a file is to be fetched, without the key: once, and from Dust's storage or Dust itself only, so that nobody can use us
 * to look into another network. Throws a DustError of kind `invalid_response`.
 */
export function storageTarget (redirect: Redirect): URL {
  const { location, from, count } = redirect
  const target = URL.parse(location, from.href)
  if (target === null) throw redirectError(redirect, 'nowhere')
  if (target.origin !== storageOrigin && target.origin !== from.origin) throw redirectError(redirect, `away from ${from.origin} to ${target.origin}`)
  if (count > 0) throw redirectError(redirect, 'more than once')
  return target
}

/**
 * Where Dust wants a file sent, with the key: an absolute address of the API's own origin, and no name or password in it.
 * Throws a DustError of kind `invalid_response`.
 */
export function uploadTarget (uploadUrl: string, origin: string): URL {
  const target = URL.parse(uploadUrl)
  const fault = target === null
    ? 'is no address'
    : target.origin !== origin
      ? `leads to ${target.origin} instead of ${origin}`
      : target.username !== '' || target.password !== '' ? 'carries a name or a password' : null
  if (target !== null && fault === null) return target
  throw new DustError({
    operation: 'upload_file',
    kind: 'invalid_response',
    status: 200,
    message: `The address for the upload ${fault}, so neither the file nor the key was sent: check DUST_BASE_URL and the proxy in between.`
  })
}

function redirectError ({ operation, status }: Redirect, where: string): DustError {
  return new DustError({
    operation,
    kind: 'invalid_response',
    status,
    message: `Dust redirected the ${operation === 'stream_events' ? 'event stream' : 'file'} ${where}, which is not followed: check DUST_BASE_URL and the proxy in between.`
  })
}
