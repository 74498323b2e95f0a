import type { IncomingHttpHeaders } from 'node:http'

/** What clients send, beside what pages may always send. */
const ALLOWED_HEADERS = [
  'authorization', 'content-type', 'accept', 'last-event-id', 'mcp-session-id', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'x-dust-api-key', 'x-dust-workspace-id', 'x-request-id',
  'traceparent', 'tracestate', 'baggage'
]
/** In which clients of revision 2026-07-28 repeat arguments of a call. */
const PARAMETER_HEADER = /^mcp-param-[\w!#$%&'*+.^`|~-]{1,100}$/

/** What clients read, beside what pages may always read. */
const EXPOSED_HEADERS = ['mcp-session-id', 'mcp-protocol-version', 'www-authenticate', 'x-request-id', 'retry-after', 'allow']

/** How long a browser need not ask again. */
const MAX_AGE_SECONDS = 600

/**
 * What to say to a page of another origin that may use us: with every answer, so that it can read it.
 *
 * @see https://fetch.spec.whatwg.org/#http-cors-protocol
 */
export function corsHeaders (origin: string): Record<string, string> {
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED_HEADERS.join(', '), vary: 'Origin' }
}

/** Whether a browser asks what the page may send. */
export function isPreflight (method: string, headers: IncomingHttpHeaders): boolean {
  return method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined
}

/** What to say to that, beside the above. Of headers that the page would send only those that clients need are allowed. */
export function preflightHeaders (methods: readonly string[], headers: IncomingHttpHeaders): Record<string, string> {
  const asked = (headers['access-control-request-headers'] ?? '').toLowerCase().split(',').map((name) => name.trim())
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': [...ALLOWED_HEADERS, ...asked.filter((name) => PARAMETER_HEADER.test(name))].join(', '),
    'access-control-max-age': String(MAX_AGE_SECONDS),
    vary: 'Origin, Access-Control-Request-Headers'
  }
}
