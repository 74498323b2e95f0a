import { DustError } from './errors.ts'
import type { DustOperation } from './operations.ts'

/** Failures before the first byte left: the name, the route or the connection. */
const unsentCodes = new Set([
  'EAI_AGAIN', 'ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'UND_ERR_CONNECT_TIMEOUT'
])
const timeoutCodes = new Set(['ETIMEDOUT', 'UND_ERR_BODY_TIMEOUT', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'])

/** Makes the error of a request that got no answer, or only a part of one. */
export function networkError (operation: DustOperation, cause: unknown, isIdempotent: boolean): DustError {
  const code = textAt(cause, 'code')
  const wasSent = !(unsentCodes.has(code) || textAt(cause, 'syscall') === 'connect')
  const tlsFault = tlsFaultOf(code)
  const kind = timeoutCodes.has(code) ? 'timeout' : 'network'
  return new DustError({
    operation,
    kind,
    wasSent,
    retryable: tlsFault === null && (isIdempotent || !wasSent),
    message: tlsFault === null ? describe(code, wasSent, isIdempotent) : `${tlsFault} (${code}): check the address and the proxy in between.`,
    cause
  })
}

/** Makes the error of a request that took longer than the client's own limit. */
export function timeoutError (operation: DustOperation, limitMs: number, isIdempotent: boolean): DustError {
  return new DustError({
    operation,
    kind: 'timeout',
    retryable: isIdempotent,
    message: `Dust did not answer within ${limitMs} ms.${isIdempotent ? '' : ` ${unsure}`}`
  })
}

const unsure = 'Whether it took the message is unknown: read the conversation before asking again.'

/** What keeps a connection from being a safe one, and will the next time, too. */
function tlsFaultOf (code: string): string | null {
  if (/CERT|SELF_SIGNED|ERR_TLS|UNABLE_TO_VERIFY/.test(code)) return 'The certificate at DUST_BASE_URL is not trusted'
  return /WRONG_VERSION_NUMBER|UNSUPPORTED_PROTOCOL|HANDSHAKE_FAILURE/.test(code) ? 'No TLS that is understood is spoken at DUST_BASE_URL' : null
}

function describe (code: string, wasSent: boolean, isIdempotent: boolean): string {
  const suffix = code === '' ? '' : ` (${code})`
  if (!wasSent) return `Dust can't be reached${suffix}: check DUST_BASE_URL, the network and the proxy.`
  return `The connection to Dust broke${suffix}.${isIdempotent ? '' : ` ${unsure}`}`
}

function textAt (value: unknown, key: string): string {
  if (!(value instanceof Error) || !(key in value)) return ''
  const found: unknown = Reflect.get(value, key)
  return typeof found === 'string' ? found : ''
}
