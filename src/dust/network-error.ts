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
  const isCertificate = /CERT|SELF_SIGNED|ERR_TLS/.test(code)
  const kind = timeoutCodes.has(code) ? 'timeout' : 'network'
  return new DustError({
    operation,
    kind,
    wasSent,
    retryable: !isCertificate && (isIdempotent || !wasSent),
    message: describe(code, wasSent, isCertificate, isIdempotent),
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

function describe (code: string, wasSent: boolean, isCertificate: boolean, isIdempotent: boolean): string {
  const suffix = code === '' ? '' : ` (${code})`
  if (isCertificate) return `The certificate at DUST_BASE_URL is not trusted${suffix}: check the address and the proxy in between.`
  if (!wasSent) return `Dust can't be reached${suffix}: check DUST_BASE_URL, the network and the proxy.`
  return `The connection to Dust broke${suffix}.${isIdempotent ? '' : ` ${unsure}`}`
}

function textAt (value: unknown, key: string): string {
  if (!(value instanceof Error) || !(key in value)) return ''
  const found: unknown = Reflect.get(value, key)
  return typeof found === 'string' ? found : ''
}
