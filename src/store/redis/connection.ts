import { Redis, type RedisOptions } from 'ioredis'
import { StoreError } from '../store.ts'

/** How long an operation may take, the wait for a lost connection included. */
const WAIT_MS = 3000

const LONGEST_RETRY_MS = 1000

/** Of every connection. */
export const REDIS_OPTIONS: RedisOptions = {
  commandTimeout: WAIT_MS,
  connectTimeout: WAIT_MS,
  maxLoadingRetryTime: LONGEST_RETRY_MS,
  disconnectTimeout: 500,
  keepAlive: 10_000,
  maxRetriesPerRequest: null,
  retryStrategy: (attempt) => Math.min(25 * 2 ** Math.min(attempt, 10), LONGEST_RETRY_MS),
  // After a failover the address may lead to the new primary.
  reconnectOnError: (error) => error.message.includes('READONLY'),
  // What waits for a connection waits here, where it's given up in time: its queues would do it later, when it was called failed.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  disableClientInfo: true
}

/** A connection that comes back by itself. */
export interface RedisConnection {
  readonly redis: Redis
  /**
   * Has a command done, in bounded time, and in the order of asking. It's sent again after the connection was lost, so it may be done twice.
   *
   * @throws {StoreError} that names the operation
   */
  run<T> (operation: string, command: () => Promise<T>): Promise<T>
  close (): Promise<void>
}

interface Pending {
  send (): void
  fail (error: unknown): void
}

/** @param url `redis://` or `rediss://` */
export function createRedisConnection (url: string): RedisConnection {
  const redis = new Redis(url, REDIS_OPTIONS)
  const pending = new Set<Pending>()
  let state: 'away' | 'ready' | 'closed' = 'away'
  let awaySince = performance.now()
  let heardAt = 0
  let fault: Error | undefined

  redis.on('error', (error: Error) => { fault = error })
  redis.on('close', () => {
    if (state !== 'ready') return
    state = 'away'
    awaySince = performance.now()
  })
  redis.on('ready', () => {
    if (state === 'closed') return
    state = 'ready'
    fault = undefined
    heardAt = performance.now()
    for (const { send } of pending) send()
  })

  function run<T> (operation: string, command: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        fail('no answer in time')
        // Nothing at all for so long: it hangs, or the network lost the connection without a word.
        if (state === 'ready' && performance.now() - heardAt >= WAIT_MS) redis.disconnect(true)
      }, WAIT_MS)
      function settle (): void {
        clearTimeout(timer)
        pending.delete(entry)
      }
      function fail (error: unknown): void {
        settle()
        // Without the error itself, which holds the command.
        reject(new StoreError(operation, new Error(describe(error))))
      }
      function send (): void {
        command().then((result) => {
          heardAt = performance.now()
          settle()
          resolve(result)
        }, (error: unknown) => {
          if (isReply(error)) heardAt = performance.now()
          // Anything else is the connection's matter: it's sent again, as long as there is time.
          if (isReply(error) || isUnreadable(error)) fail(error)
        })
      }
      const entry: Pending = { send, fail }
      pending.add(entry)
      // To wait again, when it's away for long, would only make each caller slow.
      if (state === 'closed' || (state === 'away' && performance.now() - awaySince > WAIT_MS)) fail('no connection')
      else if (state === 'ready') send()
    })
  }

  function describe (error: unknown): string {
    if (state === 'closed') return 'it is closed'
    const cause = state === 'away' ? fault ?? error : error
    // What Redis doesn't understand it repeats.
    if (isReply(cause)) return cause.message.replace(/, with args beginning with.*/s, '')
    if (isUnreadable(cause)) return `Redis gave what can't be read (${cause.name})`
    return state === 'away' ? `Redis can't be reached (${wordsOf(cause)})` : 'Redis does not answer'
  }

  async function close (): Promise<void> {
    if (state === 'closed') return
    const isReady = state === 'ready'
    state = 'closed'
    // It comes after what was sent before. The end is what counts, not how.
    if (isReady) await redis.quit().catch(() => {})
    redis.disconnect()
    for (const { fail } of pending) fail('closed')
  }

  return { redis, run, close }
}

/** Whether Redis itself said so. */
function isReply (error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

function isUnreadable (error: unknown): error is Error {
  return error instanceof TypeError || error instanceof SyntaxError
}

function wordsOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // One for all addresses of a name has a code and no message.
  return error.message === '' && 'code' in error ? String(error.code) : error.message
}
