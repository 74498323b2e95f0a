import { eraOf } from './era.ts'
import { refuse, type HttpReply, type HttpRequest } from './http.ts'
import { ErrorCode, isObject } from './json-rpc.ts'
import type { Replica } from './session-lane/replica.ts'
import { SessionLane } from './session-lane/session-lane.ts'
import type { SessionManager } from './session-lane/session-manager.ts'
import type { StatelessLane } from './stateless-lane/stateless-lane.ts'

const DRAINING = refuse(503, ErrorCode.Refused, 'The server is stopping; try again', { 'retry-after': '1', connection: 'close' })

/** Far beyond what any client nests; deeper bodies are meant to exhaust a stack. */
const DEPTH_LIMIT = 100

/** What POST, GET and DELETE to `/mcp` get, whatever revision of MCP the client speaks. */
export class Endpoint {
  readonly #sessions: SessionManager
  readonly #sessionLane: SessionLane
  readonly #statelessLane: StatelessLane
  readonly #replica: Replica
  #isDraining = false

  constructor (sessions: SessionManager, statelessLane: StatelessLane, replica: Replica) {
    this.#replica = replica
    this.#sessions = sessions
    this.#sessionLane = new SessionLane(sessions)
    this.#statelessLane = statelessLane
  }

  async post (http: HttpRequest): Promise<HttpReply> {
    if (isDeeperThan(http.body, DEPTH_LIMIT)) return refuse(400, ErrorCode.InvalidRequest, `Invalid Request: the body is nested deeper than ${DEPTH_LIMIT} levels`)
    if (this.#isDraining && hasRequest(http.body)) return DRAINING
    const reply = this.#statelessLane.postPlain(http)
    if (reply !== undefined) return reply
    return eraOf(http) === 'session' ? this.#sessionLane.post(http) : this.#statelessLane.post(http)
  }

  /** Only sessions have a stream of their own. */
  async get (http: HttpRequest): Promise<HttpReply> {
    return this.#isDraining ? DRAINING : this.#sessionLane.get(http)
  }

  async delete (http: HttpRequest): Promise<HttpReply> {
    return this.#sessionLane.delete(http)
  }

  /**
   * Takes no new requests; what belongs to those that run, such as a cancel, still comes in. Ends the streams on which nothing but
   * notices would come. Running calls that another replica can finish move there, if there is one.
   */
  async drain (): Promise<void> {
    this.#isDraining = true
    this.#replica.retire()
    this.#sessions.stopListening()
    this.#statelessLane.stopListening()
    if (this.#replica.hasOthers) await this.#sessions.move()
  }

  /** Leaves what another process can finish to the next one, and tells everything else to stop; its answers still reach the clients. */
  async stopRunning (): Promise<void> {
    await this.#sessions.move()
    this.#sessions.abortRunning('shutdown')
    this.#statelessLane.abortRunning('shutdown')
  }

  /** Ends what is running. Sessions stay, for the next process. */
  async close (): Promise<void> {
    await Promise.all([this.#sessions.close(), this.#statelessLane.close()])
    await this.#replica.leave()
  }
}

function hasRequest (body: unknown): boolean {
  const messages: unknown[] = Array.isArray(body) ? body : [body]
  return messages.some((message) => isObject(message) && 'method' in message && 'id' in message)
}

/** It goes no deeper than the limit itself, since a stack is what such a body is after. */
function isDeeperThan (value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return limit === 0 || Object.values(value).some((item) => isDeeperThan(item, limit - 1))
}
