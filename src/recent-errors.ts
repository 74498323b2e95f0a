/** Where an error came to light: an operation of MCP, the Dust API, or an HTTP route. */
export type ErrorSource = 'mcp' | 'dust' | 'http'

/** An error that happened once or more often. It has names and codes only, never words. */
export interface RecentError {
  source: ErrorSource
  /** The tool, the method, the endpoint or the route. */
  name: string
  code: string
  /** How often since the start, or since it was forgotten. */
  count: number
  /** The last time, in milliseconds since the epoch. */
  at: number
}

/** So many different ones are remembered. */
const MOST = 20

/** Remembers the last errors. The same one again counts, so that one that comes all the time doesn't push out all others. */
export class RecentErrors {
  /** The one that happened last is the last one. */
  readonly #errors = new Map<string, RecentError>()

  /** Names and codes must be of closed sets: no words of anybody. */
  note (source: ErrorSource, name: string, code: string): void {
    const key = `${source} ${name} ${code}`
    const count = (this.#errors.get(key)?.count ?? 0) + 1
    this.#errors.delete(key)
    this.#errors.set(key, { source, name, code, count, at: Date.now() })
    const [oldest] = this.#errors.keys()
    if (this.#errors.size > MOST && oldest !== undefined) this.#errors.delete(oldest)
  }

  /** The one that happened last is the first one. */
  list (): RecentError[] {
    return [...this.#errors.values()].reverse()
  }
}
