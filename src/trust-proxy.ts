import { isIP } from 'node:net'
import { parseList } from './config/units.ts'

/** Names that Fastify has for ranges. */
const RANGES = ['loopback', 'linklocal', 'uniquelocal']

/** More proxies than any request passes. */
const MOST_PROXIES = 32

/** Whether an address belongs to a proxy of ours, the nearest (hop 0) first; or the addresses of those that do. */
export type TrustProxy = boolean | string[] | ((address: string, hop: number) => boolean)

/**
 * Reads whose `X-Forwarded-*` headers are believed: `true`, `false`, how many proxies there are, or their addresses and ranges.
 *
 * @returns `null` when the words are none of these
 */
export function parseTrustProxy (words: string): TrustProxy | null {
  if (words === 'true' || words === 'false') return words === 'true'
  if (/^\d+$/.test(words)) {
    const count = Number(words)
    // Fastify trusts nobody when it's given a number: https://github.com/fastify/fastify/blob/main/docs/Reference/Server.md#trustproxy
    return count < 1 || count > MOST_PROXIES ? null : (_address, hop) => hop < count
  }
  const ranges = parseList(words)
  return ranges.length > 0 && ranges.every(isRange) ? ranges : null
}

function isRange (word: string): boolean {
  if (RANGES.includes(word)) return true
  const [address = '', prefix, ...rest] = word.split('/')
  const bits = isIP(address) === 6 ? 128 : 32
  return isIP(address) !== 0 && rest.length === 0 && (prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits))
}
