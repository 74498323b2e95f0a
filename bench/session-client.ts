import { Pool } from 'undici'
import { INITIALIZE, SESSION_HEADERS } from './requests.ts'

/** Opens and uses sessions over so many connections that stay open, at little cost for whoever measures. */
export class SessionClient {
  readonly #pool: Pool

  constructor (address: string, connections: number) {
    this.#pool = new Pool(address, { connections })
  }

  /** Resolves to its id, once the server knows that the client has it. */
  async open (): Promise<string> {
    const { headers } = await this.#post({ jsonrpc: '2.0', id: 'open', method: 'initialize', params: INITIALIZE }, {}, 200)
    const id = headers['mcp-session-id']
    if (typeof id !== 'string') throw new Error('No session was opened')
    await this.#post({ jsonrpc: '2.0', method: 'notifications/initialized' }, { 'mcp-session-id': id }, 202)
    return id
  }

  async ping (session: string): Promise<void> {
    await this.#post({ jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': session }, 200)
  }

  async end (session: string): Promise<void> {
    const { statusCode, body } = await this.#pool.request({ path: '/mcp', method: 'DELETE', headers: { 'mcp-session-id': session } })
    await body.dump()
    if (statusCode !== 200) throw new Error(`No session was ended: ${statusCode}`)
  }

  async close (): Promise<void> {
    await this.#pool.close()
  }

  async #post (message: object, headers: Record<string, string>, expected: number) {
    const response = await this.#pool.request({ path: '/mcp', method: 'POST', headers: { ...SESSION_HEADERS, ...headers }, body: JSON.stringify(message) })
    const text = await response.body.text()
    if (response.statusCode !== expected || text.includes('"error"')) throw new Error(`A message was answered with ${response.statusCode}: ${text.slice(0, 500)}`)
    return response
  }
}

/** Does so many pieces of work, some of them at once. Resolves to what they gave, in their order. */
export async function doMany<Result> (count: number, atOnce: number, work: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, async () => {
    while (next < count) {
      const index = next++
      results[index] = await work(index)
    }
  }))
  return results
}
