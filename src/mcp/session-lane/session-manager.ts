import { randomUUID } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { InitializeResult } from '@modelcontextprotocol/sdk/types.js'
import type { EventLog, StreamRecord } from '../../store/event-log.ts'
import type { EndedSession, SessionStore } from '../../store/session-store.ts'
import type { Change } from '../change.ts'
import type { HttpRequest } from '../http.ts'
import type { JSONRPCRequest } from '../json-rpc.ts'
import type { AbortCause } from '../operation.ts'
import { shakeHands } from './handshake.ts'
import type { ReplicaMessage } from './replica-message.ts'
import type { SessionContext } from './session-context.ts'
import { Session } from './session.ts'

/** What happens to sessions; when one is over, also how long it lasted. */
export type SessionEvent =
  | { type: 'created' | 'restored' | 'rejected' }
  | { type: 'closed' | 'expired', durationMs: number }

export interface SessionManagerOptions {
  store: SessionStore
  context: SessionContext
  /** A session that isn't used for so long ends. */
  ttlMs: number
  /** Sessions at the same time. */
  limit: number
  /** Whether another process finds what this one leaves in the store. */
  isLasting: boolean
  /** A session that isn't used for so long leaves the memory; its record stays. Default 10 s: it's soon built again. */
  idleMs?: number
  /** Time between two looks for sessions that are over. Default: 30 s, or less with a short time to live. */
  sweepIntervalMs?: number
  onEvent?: (event: SessionEvent) => void
  /** The store failed, and the work went on without it. */
  onStoreError?: (error: unknown) => void
}

/** An end that is moved with every request would be a write with every request: a tenth of the lifetime is exact enough. */
const TOUCH_FRACTION = 10
const LONGEST_TOUCH_INTERVAL_MS = 60_000
/** Time between two looks for sessions that are idle; sessions that are over are looked for less often. */
const LONGEST_IDLE_LOOK_MS = 2000
/** Between two such lots, others have their turn. */
const SESSIONS_PER_TURN = 50

interface LiveSession {
  session: Session
  /** When the record's end was last moved. */
  touchedAt: number
}

/**
 * Opens, restores and expires sessions. A session is a record in the store; the live object is a cache entry,
 * built again from the record when it is needed and dropped when it is idle.
 */
export class SessionManager {
  readonly #options: Required<SessionManagerOptions>
  readonly #live = new Map<string, LiveSession>()
  readonly #restoring = new Map<string, Promise<Session | undefined>>()
  readonly #touchIntervalMs: number
  readonly #log: EventLog
  #timers: NodeJS.Timeout[] = []
  #sweeping: Promise<void> | undefined
  #unsubscribe = (): void => {}

  constructor (options: SessionManagerOptions) {
    this.#options = {
      idleMs: 10_000,
      sweepIntervalMs: Math.max(10, Math.min(30_000, options.ttlMs / 2)),
      onEvent: () => {},
      onStoreError: () => {},
      ...options
    }
    this.#log = options.context.transport.log
    this.#touchIntervalMs = Math.min(LONGEST_TOUCH_INTERVAL_MS, options.ttlMs / TOUCH_FRACTION)
  }

  /** Begins to look for sessions that are over or idle. */
  start (): void {
    const { sweepIntervalMs } = this.#options
    this.#timers = [
      setInterval(() => { this.#sweepSoon(() => this.sweep()) }, sweepIntervalMs).unref(),
      setInterval(() => { this.#sweepSoon(() => this.#dropIdle()) }, Math.min(LONGEST_IDLE_LOOK_MS, sweepIntervalMs)).unref()
    ]
    this.#unsubscribe = this.#options.context.transport.bus.subscribe((message) => { this.#hear(message) })
  }

  /** What a client is told that opens a session. Its `initialize` has passed the SDK's schema. */
  async shakeHands (initialize: JSONRPCRequest): Promise<InitializeResult> {
    return shakeHands(initialize, this.#options.context)
  }

  /**
   * Opens a session for a client's `initialize`.
   *
   * @param initialize `params` of the request
   * @returns `undefined` when there are too many sessions
   * @throws {StoreError}
   */
  async open (initialize: Record<string, unknown>, protocolVersion: string, { caller, credential }: Pick<HttpRequest, 'caller' | 'credential'>): Promise<Session | undefined> {
    const now = Date.now()
    const record = { id: randomUUID(), caller, initialize, protocolVersion, logLevel: null, subscriptions: [], createdAt: now, expiresAt: now + this.#options.ttlMs }
    if (!await this.#options.store.create(record, this.#options.limit)) {
      this.#options.onEvent({ type: 'rejected' })
      return undefined
    }
    this.#options.onEvent({ type: 'created' })
    const session = new Session(record, this.#options.context)
    session.bring(credential)
    this.#live.set(record.id, { session, touchedAt: now })
    return session
  }

  /**
   * Finds a session, in memory or in the store, and keeps it alive for another lifetime.
   *
   * @throws {StoreError}
   */
  async get (id: string): Promise<Session | undefined> {
    const live = this.#live.get(id)
    live?.session.markUsed()
    if (live !== undefined) return await this.#touch(live) ? live.session : undefined
    const restoring = this.#restoring.get(id) ?? this.#restore(id).finally(() => { this.#restoring.delete(id) })
    this.#restoring.set(id, restoring)
    return restoring
  }

  /**
   * The same for whoever opened it. For anybody else it doesn't exist: it isn't used, and the answer takes as long.
   *
   * @throws {StoreError}
   */
  async find (id: string, caller: string): Promise<Session | undefined> {
    const live = this.#live.get(id)?.session
    if (live?.caller === caller) return this.get(id)
    const record = await this.#options.store.get(id)
    return record?.caller === caller ? this.get(id) : undefined
  }

  /** Ends a session for good. Resolves to whether it existed. */
  async delete (id: string): Promise<boolean> {
    const ended = await this.#options.store.delete(id)
    await this.#end(id)
    if (ended !== undefined) this.#options.onEvent({ type: 'closed', durationMs: Date.now() - ended.createdAt })
    return ended !== undefined
  }

  /** Ends what is over and takes out of memory what is idle. */
  async sweep (): Promise<void> {
    await this.#dropIdle()
    let expired: EndedSession[]
    do {
      expired = await this.#options.store.removeExpired(SESSIONS_PER_TURN)
      for (const { id, createdAt, expiresAt } of expired) {
        await this.#end(id)
        this.#options.onEvent({ type: 'expired', durationMs: expiresAt - createdAt })
      }
      await nextTurn()
    } while (expired.length === SESSIONS_PER_TURN)
    await this.#log.forgetExpired()
  }

  /**
   * Goes on with a call whose process is gone, now or when its client is back. Resolves to whether it does now.
   *
   * @throws {StoreError}
   */
  async pickUp (record: StreamRecord): Promise<boolean> {
    const session = await this.get(record.session)
    if (session !== undefined) return session.pickUp(record)
    await this.#log.forget(record.session)
    return false
  }

  /** Looks for what other replicas have told, since their words may get lost. */
  async refresh (): Promise<void> {
    // The others expect nothing.
    const busy = this.#live.values().filter(({ session }) => session.isBusy)
    await Promise.all(busy.map(({ session }) => session.refresh()))
  }

  /** Sessions that are in memory. */
  get liveCount (): number {
    return this.#live.size
  }

  /** Tells everybody who listens and wants to know of a change. */
  tell (change: Change): void {
    for (const { session } of this.#live.values()) session.tell(change)
  }

  /** Ends the streams on which nothing but notifications would come. */
  stopListening (): void {
    for (const { session } of this.#live.values()) session.stopListening()
  }

  /** Tells all running requests to stop; their answers still reach the clients. */
  abortRunning (cause: AbortCause): void {
    for (const { session } of this.#live.values()) session.abortRunning(cause)
  }

  /** Leaves the running calls that other processes can finish to them. */
  async move (): Promise<void> {
    if (!this.#options.isLasting) return
    const moved = await Promise.all([...this.#live.values()].map(({ session }) => session.move()))
    if (moved.includes(true)) this.#options.context.transport.bus.publish({ type: 'left' })
  }

  /** Takes all sessions out of memory. Their records stay, for the next process. */
  async close (): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer)
    this.#unsubscribe()
    await this.#sweeping
    await this.move().catch(this.#options.onStoreError)
    await Promise.all([...this.#live.keys()].map((id) => this.#drop(id, 'shutdown')))
  }

  #sweepSoon (work: () => Promise<void>): void {
    this.#sweeping ??= work()
      .catch(this.#options.onStoreError)
      .finally(() => { this.#sweeping = undefined })
  }

  /** Takes out of memory what is idle, and keeps alive what is not. */
  async #dropIdle (): Promise<void> {
    let looks = 0
    for (const live of this.#live.values()) {
      if (++looks % SESSIONS_PER_TURN === 0) await nextTurn()
      if (live.session.isBusy) await this.#touch(live)
      else if (Date.now() - live.session.lastUsedAt >= this.#options.idleMs) await this.#drop(live.session.id, 'session_ended')
    }
  }

  async #restore (id: string): Promise<Session | undefined> {
    const { store, ttlMs } = this.#options
    const record = await store.get(id)
    if (record === undefined) return undefined
    const session = new Session(record, this.#options.context)
    // Last, since it may have been deleted meanwhile.
    if (!await store.touch(id, Date.now() + ttlMs)) {
      await session.close('session_ended')
      return undefined
    }
    this.#live.set(id, { session, touchedAt: Date.now() })
    this.#options.onEvent({ type: 'restored' })
    return session
  }

  async #touch (live: LiveSession): Promise<boolean> {
    const now = Date.now()
    if (now - live.touchedAt < this.#touchIntervalMs) return true
    // Before the store has answered, so that a slow or failing store is asked once per interval and not with every request.
    live.touchedAt = now
    try {
      if (await this.#options.store.touch(live.session.id, now + this.#options.ttlMs)) {
        // Another replica's word of what its client wants may have been lost.
        await this.#reload(live.session)
        return true
      }
    } catch (error) {
      // It's in memory and was alive a moment ago: its client, and above all its cancels, must get through.
      this.#options.onStoreError(error)
      return true
    }
    await this.#drop(live.session.id, 'session_ended')
    return false
  }

  /** Another replica tells of a session. */
  #hear (message: ReplicaMessage): void {
    if (message.type === 'left') return
    const session = this.#live.get(message.session)?.session
    if (session === undefined) return
    if (message.type === 'ended') this.#drop(session.id, 'session_ended').catch(this.#options.onStoreError)
    else if (message.type !== 'wishes') session.hear(message)
    else if (message.replica !== this.#options.context.transport.replica) this.#reload(session).catch(this.#options.onStoreError)
  }

  async #reload (session: Session): Promise<void> {
    const record = await this.#options.store.get(session.id)
    if (record !== undefined) session.setWishes(record)
  }

  /** Ends a session whose record is gone, here and elsewhere. */
  async #end (id: string): Promise<void> {
    this.#options.context.transport.bus.publish({ type: 'ended', session: id })
    await this.#drop(id, 'session_ended')
    await this.#log.forget(id)
  }

  async #drop (id: string, cause: AbortCause): Promise<void> {
    const live = this.#live.get(id)
    if (live === undefined) return
    this.#live.delete(id)
    await live.session.close(cause)
  }
}
