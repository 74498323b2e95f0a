import { LRUCache } from 'lru-cache'
import type { DustClient, DustCredential } from '../../src/dust/client.ts'
import type { Agent } from '../../src/dust/types.ts'

/** Clients that are kept, each with a caller's key. One that is needed again is made again. */
const MOST_CLIENTS = 1000
/** Agents that all of them keep together: a list can be long, and has the agents' descriptions. */
const MOST_AGENTS = 50_000
/** A client that isn't used for so long is forgotten, and the key with it. */
const IDLE_MS = 10 * 60_000
const SWEEP_MS = 60_000

/** Makes the client of a caller. */
type CreateClient = (credential: DustCredential, onAgents: (agents: readonly Agent[]) => void) => DustClient

/** The clients of callers who bring their own keys: few at a time, and none for longer than it's used. */
export class CallerClients {
  readonly #create: CreateClient
  readonly #clients = new LRUCache<string, DustClient>({ max: MOST_CLIENTS, maxSize: MOST_CLIENTS + MOST_AGENTS, ttl: IDLE_MS, updateAgeOnGet: true })
  readonly #sweep: NodeJS.Timeout

  constructor (create: CreateClient) {
    this.#create = create
    this.#sweep = setInterval(() => { this.#clients.purgeStale() }, SWEEP_MS)
    this.#sweep.unref()
  }

  /** How many there are. */
  get size (): number {
    return this.#clients.size
  }

  of (credential: DustCredential): DustClient {
    const { fingerprint } = credential
    const known = this.#clients.get(fingerprint)
    if (known !== undefined) return known
    const client = this.#create(credential, ({ length }) => {
      // It may have been forgotten meanwhile, while somebody still uses it.
      if (this.#clients.peek(fingerprint) !== client) return
      // The cache takes no other size for a value that it has.
      this.#clients.delete(fingerprint)
      this.#clients.set(fingerprint, client, { size: 1 + length })
    })
    this.#clients.set(fingerprint, client, { size: 1 })
    return client
  }

  clear (): void {
    clearInterval(this.#sweep)
    this.#clients.clear()
  }
}
