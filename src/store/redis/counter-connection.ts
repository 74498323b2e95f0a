import { Redis } from 'ioredis'
import { REDIS_OPTIONS } from './connection.ts'

/** Before each request somebody waits for this. */
const WAIT_MS = 500

/** A connection for counters that many requests pass: what can't be counted at once isn't counted. The caller closes it, and listens to its errors. */
export function createCounterConnection (url: string): Redis {
  return new Redis(url, { ...REDIS_OPTIONS, commandTimeout: WAIT_MS, connectTimeout: WAIT_MS })
}
