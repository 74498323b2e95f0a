import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Whether a request brings this token. Compares hashes, so that the time it takes tells nothing about the token.
 *
 * @param header `Authorization` of the request
 */
export function isBearer (header: string | undefined, token: string): boolean {
  const [, brought = ''] = /^Bearer +(.*)$/i.exec(header ?? '') ?? []
  return timingSafeEqual(digest(brought), digest(token))
}

function digest (words: string): Buffer {
  return createHash('sha256').update(words).digest()
}
