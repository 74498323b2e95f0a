import type { IncomingMessage } from 'node:http'
import { isIPv4 } from 'node:net'

/** Names under which only this machine is reached. */
const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]']

export interface AllowedPeers {
  /** Host names, without ports; `null` for any. */
  hosts: ReadonlySet<string> | null
  /** Origins of pages in browsers, or host names of pages with whatever scheme and port. */
  origins: ReadonlySet<string>
}

/**
 * Whom to answer. On loopback a page that a browser shows could reach the server by a name that was made to point
 * here (DNS rebinding); there, what isn't called by a name of this machine is refused, unless it's allowed by name.
 *
 * @param listenHost where the server listens
 * @see https://modelcontextprotocol.io/specification/2025-11-25/basic/transports#security-warning
 */
export function createAllowedPeers (listenHost: string, hosts: readonly string[], origins: readonly string[]): AllowedPeers {
  const names = hosts.map((host) => host.toLowerCase())
  // Loopback has more addresses than the usual one.
  const own = isLoopback(listenHost) ? [...LOOPBACK_HOSTS, listenHost] : []
  return {
    hosts: own.length > 0 || names.length > 0 ? new Set([...own, ...names]) : null,
    origins: new Set([...own, ...names, ...origins.map((origin) => origin.toLowerCase())])
  }
}

/** What a proxy says of whom it asks for. */
const FORWARDING_HEADERS = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip']

/**
 * Whether a request was made on this machine, as far as anybody can tell: by a name of it, from an address of it, and not passed on by a proxy.
 * A proxy on this machine that says nothing of it, and passes on a name of this machine, can't be told from it.
 */
export function isAskedHere ({ headers, socket }: Pick<IncomingMessage, 'headers' | 'socket'>): boolean {
  const address = socket.remoteAddress?.replace(/^::ffff:/, '')
  if (address === undefined || !isLoopback(address)) return false
  return isHostAllowed({ hosts: new Set(LOOPBACK_HOSTS), origins: new Set() }, headers.host) && FORWARDING_HEADERS.every((name) => headers[name] === undefined)
}

/** Whether an address to listen on is reached from this machine alone. */
export function isLoopback (host: string): boolean {
  return LOOPBACK_HOSTS.includes(host) || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/** @param header `Host` of a request, with or without a port */
export function isHostAllowed ({ hosts }: AllowedPeers, header: string | undefined): boolean {
  if (hosts === null) return true
  const name = header === undefined ? undefined : /^(\[[\da-f:.]+\]|[^:/@]+)(?::\d+)?$/i.exec(header)?.[1]
  return name !== undefined && hosts.has(name.toLowerCase())
}

/** @param header `Origin` of a request, which only browsers send */
export function isOriginAllowed ({ origins }: AllowedPeers, header: string | undefined): boolean {
  if (header === undefined) return true
  if (!URL.canParse(header)) return false
  const { origin, hostname } = new URL(header)
  return origins.has(origin) || origins.has(hostname)
}
