import type { ServerResult } from '@modelcontextprotocol/sdk/types.js'
import type { StreamRecord } from '../../store/event-log.ts'
import { isObject, ProtocolError, toErrorObject, type JSONRPCRequest, type JSONRPCResponse, type RequestId } from '../json-rpc.ts'
import type { AbortCause } from '../operation.ts'
import { isCancelled, noteAnswer, noteCancel } from './call-journal.ts'
import type { ClientCredential } from './client-credential.ts'
import type { Exchange } from './exchange.ts'
import { pickUp, type PickedUp } from './picked-up.ts'
import { answerIn, readQuestionId } from './question.ts'
import { RunningRequests } from './running-requests.ts'
import type { SessionContext } from './session-context.ts'
import { createSessionOperation, type SessionView } from './session-operation.ts'
import type { SessionTransport } from './transport.ts'

/** How long a handler that must stop may go on before its call is left to another process. */
const SETTLE_MS = 3000

/** Far back enough for what a call asked and said last. */
const EVENTS_TO_PICK_UP = 2000

/** One request to work on: with what it came, and what another process left of it, if it's one of those. */
interface Work {
  exchange: Exchange
  requestId: string | null
  pickedUp?: PickedUp
}

interface CallsOptions {
  /** Of the session. */
  id: string
  /** What an operation takes from the session. */
  view: () => SessionView
  /** A request is over. */
  onUsed: () => void
}

/** The requests of a session that are worked on here: how they begin and end, and what other replicas leave of them or tell of them. */
export class Calls {
  readonly #id: string
  readonly #transport: SessionTransport
  readonly #credential: ClientCredential
  readonly #context: SessionContext
  readonly #view: () => SessionView
  readonly #onUsed: () => void
  readonly #running = new RunningRequests()

  constructor (transport: SessionTransport, credential: ClientCredential, context: SessionContext, { id, view, onUsed }: CallsOptions) {
    this.#id = id
    this.#transport = transport
    this.#credential = credential
    this.#context = context
    this.#view = view
    this.#onUsed = onUsed
  }

  get areRunning (): boolean {
    return !this.#running.isEmpty
  }

  /** Whether a request with this id waits for its answer, or still runs without anybody waiting. */
  isPending (id: RequestId): boolean {
    return this.#transport.isPending(id) || this.#running.has(id)
  }

  begin (request: JSONRPCRequest, work: Work): void {
    this.#work(request, work).catch(this.#context.transport.onStoreError)
  }

  /**
   * Goes on with a call that another process began, or leaves it to the process to which the client comes back, if it can't be
   * done without what the client brings. Resolves to whether it goes on.
   *
   * @throws {StoreError}
   */
  async pickUp (record: StreamRecord): Promise<boolean> {
    const { log, replica } = this.#context.transport
    if (this.#credential.isMissing) {
      await this.#credential.await(record)
      return false
    }
    const ours = this.#transport.exchange(record.stream)
    // We were taken for dead, and so was who went on with it: it begins anew where the log ends, with the next look for what was left.
    if (ours !== undefined) {
      await this.#leave(ours)
      return false
    }
    const pickedUp = pickUp(record, await log.newest(record, EVENTS_TO_PICK_UP))
    if (pickedUp.unanswered.length === 0) {
      await log.end(record, replica)
      return false
    }
    const exchange = this.#transport.pickUp(record, pickedUp.unanswered)
    this.#learn(record)
    for (const request of exchange.requests) this.begin(request, { exchange, requestId: null, pickedUp })
    return true
  }

  /** Another process works on it now. */
  lose ({ requests }: Exchange): void {
    for (const { id } of requests) this.#running.abort(id, 'moved')
  }

  abortAll (cause: AbortCause): void {
    this.#running.abortAll(cause)
  }

  /** Leaves to other processes what can be done there; the client comes back for the answers. Resolves to whether there was something. */
  async move (): Promise<boolean> {
    const movable = [...this.#transport.exchanges].filter((exchange) => exchange.isMovable && exchange.requests.every(this.#context.isReplayable))
    await Promise.all(movable.map((exchange) => this.#leave(exchange)))
    return movable.length > 0
  }

  /** The client answers a question, which may have been asked elsewhere. */
  async takeAnswer (response: JSONRPCResponse): Promise<void> {
    const question = readQuestionId(response)
    if (question === undefined) return
    const { log, bus, onStoreError } = this.#context.transport
    const key = { session: this.#id, stream: question.stream }
    const exchange = this.#transport.exchange(question.stream)
    if (exchange !== undefined) await exchange.takeAnswer(question.name, answerIn(response)).catch(onStoreError)
    else if (await noteAnswer(log, key, question.name, answerIn(response))) {
      bus.publish({ type: 'noted', ...key })
      this.#credential.claimSoon()
    }
  }

  /** Looks for what other replicas have noted on a call that is worked on here. */
  async refresh (stream: string): Promise<void> {
    const exchange = this.#transport.exchange(stream)
    if (exchange?.isLogged !== true) return
    const record = await this.#context.transport.log.record({ session: this.#id, stream })
    if (record !== undefined) this.#learn(record)
    // Nobody forgets a call that isn't answered, but with its session.
    else for (const { id } of exchange.requests) this.#running.abort(id, 'session_ended')
  }

  /** Nobody waits for it any more. */
  cancel (id: RequestId): void {
    this.#running.abort(id, 'cancelled')
    this.#transport.abandon(id)
  }

  /** It may run elsewhere, or nowhere because its process died. */
  cancelAnywhere (id: RequestId): void {
    const isHere = this.isPending(id)
    this.cancel(id)
    if (isHere) return
    const { log, bus, onStoreError } = this.#context.transport
    bus.publish({ type: 'cancelled', session: this.#id, request: id })
    noteCancel(log, this.#id, id).then(() => { this.#credential.claimSoon() }).catch(onStoreError)
  }

  async #leave (exchange: Exchange): Promise<void> {
    const ids = exchange.requests.map(({ id }) => id)
    exchange.fallSilent()
    for (const id of ids) this.#running.abort(id, 'moved')
    // Whoever goes on must know what was done.
    await this.#running.over(ids, SETTLE_MS)
    await exchange.move()
  }

  async #work (request: JSONRPCRequest, work: Work): Promise<void> {
    const { id } = request
    try {
      const result = await this.#run(request, work)
      if (result !== undefined) this.#transport.answer({ jsonrpc: '2.0', id, result })
    } catch (error) {
      // Whatever a handler throws has become one of these; what is stored of the session may be spoilt.
      if (!(error instanceof ProtocolError)) this.#context.transport.onStoreError(error)
      this.#transport.answer({ jsonrpc: '2.0', id, error: toErrorObject(error) })
    } finally {
      this.#onUsed()
    }
  }

  /** Resolves to `undefined` when there is nothing to be done. */
  async #run (request: JSONRPCRequest, { exchange, requestId, pickedUp }: Work): Promise<ServerResult | undefined> {
    const { id, method, params } = request
    const isCancelled = !this.#transport.isPending(id)
    // Its cancel came with it, in one batch: nobody waits for it any more.
    if (isCancelled && pickedUp === undefined) return undefined
    const result = this.#running.run(id, (interrupt) => {
      const operation = createSessionOperation(this.#view(), {
        request, requestId, interrupt, exchange, pickedUp, notify: (notification) => { this.#transport.notify(id, notification) }
      })
      exchange.noteOperation()
      return this.#context.dispatch(method, isObject(params) ? params : {}, operation)
    })
    // What it has begun elsewhere is only cancelled by whoever knows what it is.
    if (isCancelled) this.#running.abort(id, 'cancelled')
    return result
  }

  #learn (record: StreamRecord): void {
    const exchange = this.#transport.exchange(record.stream)
    exchange?.learn(record.notes)
    for (const { id } of exchange?.requests ?? []) if (isCancelled(record, id)) this.cancel(id)
  }
}
