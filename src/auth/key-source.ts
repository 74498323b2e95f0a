import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey } from 'jose'
import { setTimeout as wait } from 'node:timers/promises'
import { discoverKeys } from './discovery.ts'
import { fetchJson } from './fetch-json.ts'

export interface KeySourceOptions {
  issuer: string
  /** Where the keys are; `null` when the issuer's metadata say it. */
  jwksUrl: string | null
  /** Called when the keys can't be fetched, once until they can again. */
  onOutage: (error: KeysUnavailable) => void
  onRecovery: () => void
  /** A clock that never jumps, in milliseconds. Default `performance.now`. */
  now?: () => number
}

/** The keys of the authorization server can't be fetched. The message is for those who run this service. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable'
}

/** How long a fetch may take in all. */
const TIMEOUT_MS = 4000
/** From the begin of one fetch to the next: whatever tokens somebody makes up, the authorization server isn't asked more often. */
const PAUSE_MS = 1000
/** Older keys are fetched again, beside the requests. */
const FRESH_MS = 5 * 60_000
/** Older keys don't count, even if there are no newer ones: one of them may have been withdrawn. */
const TRUSTED_MS = 24 * 3_600_000

/**
 * The public keys of an authorization server. While it's away, those that were fetched before still count for a day;
 * jose's own remote key set would refuse everything as soon as they are due.
 */
export class KeySource {
  readonly #options: Required<KeySourceOptions>
  readonly #closing = new AbortController()
  #keys: JWTVerifyGetKey | null = null
  #fetchedAt = -Infinity
  #askedAt = -Infinity
  #failure: KeysUnavailable | null = null
  #running: Promise<void> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor (options: KeySourceOptions) {
    this.#options = { now: () => performance.now(), ...options }
  }

  /**
   * The key that a token says it was signed with.
   *
   * @throws {KeysUnavailable} when it can't be known
   * @throws {errors.JOSEError} when there is no such key
   */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    await this.#beReady()
    try {
      return await this.#lookUp(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      await this.#refreshUnlessAway()
      return await this.#lookUp(header, token)
    }
  }

  /**
   * Fetches the keys; all who ask before it begins share one fetch.
   *
   * @throws {KeysUnavailable}
   */
  async refresh (): Promise<void> {
    this.#next ??= this.#fetchNext()
    await this.#next
  }

  close (): void {
    this.#closing.abort()
  }

  get #ageMs (): number {
    return this.#options.now() - this.#fetchedAt
  }

  async #beReady (): Promise<void> {
    // A fetch begins with the service.
    if (this.#ageMs > TRUSTED_MS) await settled(this.#running)
    if (this.#ageMs > TRUSTED_MS) await this.#refreshUnlessAway()
    // What becomes of it is told by onOutage.
    else if (this.#ageMs > FRESH_MS) settled(this.refresh())
  }

  readonly #lookUp: JWTVerifyGetKey = async (header, token) => {
    if (this.#keys === null) throw new KeysUnavailable('the keys of the authorization server were not fetched yet')
    return await this.#keys(header, token)
  }

  /** Nobody waits for a server that was away a moment ago. */
  async #refreshUnlessAway (): Promise<void> {
    if (this.#failure !== null && this.#options.now() - this.#askedAt < PAUSE_MS) throw this.#failure
    await this.refresh()
  }

  async #fetchNext (): Promise<void> {
    await settled(this.#running)
    await wait(Math.max(0, this.#askedAt + PAUSE_MS - this.#options.now()), undefined, { signal: this.#closing.signal })
      .catch(() => { throw new KeysUnavailable('the service is closing') })
    // Whoever asks from now on may know of a key that this fetch doesn't bring.
    this.#next = null
    this.#running = this.#fetch()
    await this.#running
  }

  async #fetch (): Promise<void> {
    const { issuer, jwksUrl, onOutage, onRecovery, now } = this.#options
    const wasAway = this.#failure !== null
    this.#askedAt = now()
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIMEOUT_MS)])
    try {
      const url = jwksUrl === null ? await discoverKeys(issuer, signal) : new URL(jwksUrl)
      const keys = await fetchJson(url, signal)
      if (!isKeySet(keys)) throw new Error(`${url.href} has no keys`)
      this.#keys = createLocalJWKSet(keys)
    } catch (error) {
      this.#failure = new KeysUnavailable(`the keys of the authorization server can't be fetched: ${wordsOf(error)}`, { cause: error })
      if (!wasAway && !this.#closing.signal.aborted) onOutage(this.#failure)
      throw this.#failure
    }
    this.#fetchedAt = now()
    this.#failure = null
    if (wasAway) onRecovery()
  }
}

/** Resolves when the work is over, however it ended. */
async function settled (work: Promise<void>): Promise<void> {
  await Promise.allSettled([work])
}

function isKeySet (value: unknown): value is JSONWebKeySet {
  const { keys }: { keys?: unknown } = Object(value)
  return Array.isArray(keys) && keys.length > 0
}

/** Node says of a fetch that failed only that it failed. */
function wordsOf (error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no answer within ${TIMEOUT_MS} ms`
  const { code }: { code?: unknown } = Object(error.cause)
  return typeof code === 'string' ? `${error.message} (${code})` : error.message
}
