import { createHash } from 'node:crypto'
import type { ServerResult } from '@modelcontextprotocol/sdk/types.js'
import type { StreamRecord } from '../../store/event-log.ts'
import type { SessionWishes } from '../../store/session-store.ts'
import type { Change } from '../change.ts'
import type { HttpReply, HttpRequest } from '../http.ts'
import { isObject, isResponse, isStringOrInteger, toErrorObject, type JSONRPCMessage, type JSONRPCNotification, type JSONRPCRequest, type JSONRPCResponse, type RequestId } from '../json-rpc.ts'
import { OperationAborted, type AbortCause } from '../operation.ts'
import { isCancelled, noteAnswer, noteCancel } from './call-journal.ts'
import { ClientCredential } from './client-credential.ts'
import { ClientWishes } from './client-wishes.ts'
import { STANDALONE } from './event-id.ts'
import type { Exchange } from './exchange.ts'
import { readClient, type ClientDescription } from './handshake.ts'
import { Notices } from './notices.ts'
import { pickUp, type PickedUp } from './picked-up.ts'
import { answerIn, readQuestionId } from './question.ts'
import type { ReplicaMessage } from './replica-message.ts'
import { RunningRequests } from './running-requests.ts'
import type { SessionContext, SessionIdentity } from './session-context.ts'
import { createSessionOperation, type SessionView } from './session-operation.ts'
import { SessionTransport } from './transport.ts'

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

/** The live half of a session: its transport, and the requests that are running. */
export class Session {
  readonly id: string
  readonly caller: string
  readonly #transport: SessionTransport
  readonly #context: SessionContext
  readonly #identity: SessionIdentity
  /** A hash, since whoever knows the id can join the session. */
  readonly #nameInLogs: string
  readonly #running = new RunningRequests()
  readonly #wishes: ClientWishes
  readonly #notices: Notices
  readonly #credential: ClientCredential
  #client: ClientDescription | undefined
  #lastUsedAt = Date.now()

  constructor (identity: SessionIdentity, context: SessionContext) {
    this.id = identity.id
    this.caller = identity.caller
    this.#identity = identity
    this.#nameInLogs = createHash('sha256').update(identity.id).digest('hex').slice(0, 12)
    this.#context = context
    this.#wishes = new ClientWishes(identity, async (wishes) => {
      await context.save(identity.id, wishes)
      context.transport.bus.publish({ type: 'wishes', session: identity.id, replica: context.transport.replica })
    })
    this.#credential = new ClientCredential(identity.id, context.needsCredential(identity.caller), context.transport, async (record) => {
      if (await this.pickUp(record)) context.onPickUp()
    })
    this.#transport = new SessionTransport(identity.id, identity.protocolVersion, context.transport, {
      onrequest: (request, exchange, requestId) => { this.#work(request, { exchange, requestId }).catch(context.transport.onStoreError) },
      onnotification: (notification) => { this.#takeNotice(notification) },
      onlost: ({ requests }) => { for (const { id } of requests) this.#running.abort(id, 'moved') }
    })
    this.#notices = new Notices(this.#transport.standalone, this.#wishes)
  }

  /** When the last request came or ended, in milliseconds since the epoch. */
  get lastUsedAt (): number {
    return this.#lastUsedAt
  }

  markUsed (): void {
    this.#lastUsedAt = Date.now()
  }

  /** The client makes a request, with what it brings to act with. */
  bring (credential: object | null): void {
    this.#credential.bring(credential)
  }

  /** Whether something runs here, a client reads what comes, or an answer is on its way into the log: it must stay in memory. */
  get isBusy (): boolean {
    return !this.#running.isEmpty || this.#transport.isBusy
  }

  isPending (id: RequestId): boolean {
    return this.#transport.isPending(id) || this.#running.has(id)
  }

  /** @throws {StoreError} */
  async post (messages: readonly JSONRPCMessage[], http: HttpRequest): Promise<HttpReply> {
    const others: Array<JSONRPCRequest | JSONRPCNotification> = []
    for (const message of messages) {
      if (isResponse(message)) await this.#takeAnswer(message)
      else others.push(message)
    }
    return this.#transport.post(others, http)
  }

  /**
   * Opens the stream for messages that belong to no request.
   *
   * @throws {StoreError}
   */
  async listen (http: HttpRequest, eventId?: string): Promise<HttpReply> {
    if (await this.#transport.listen(http, eventId)) this.#notices.tellOfEverything()
    return 'streaming'
  }

  /**
   * Goes on with a stream from the event after the given one.
   *
   * @throws {StoreError}
   */
  async resume (http: HttpRequest, eventId: string): Promise<HttpReply> {
    if (eventId.startsWith(`${STANDALONE}.`)) return this.listen(http, eventId)
    const reply = await this.#transport.resume(http, eventId)
    this.#credential.claimSoon()
    return reply
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
    for (const request of exchange.requests) this.#work(request, { exchange, requestId: null, pickedUp }).catch(this.#context.transport.onStoreError)
    return true
  }

  /** Tells the client of a change, if it listens here and wants to know. */
  tell (change: Change): void {
    this.#notices.tell(change)
  }

  /** The client wants something else from now on. */
  setWishes (wishes: SessionWishes): void {
    this.#wishes.learn(wishes)
  }

  /** Another replica tells of something that concerns this session. */
  hear (message: ReplicaMessage): void {
    if (message.type === 'cancelled') this.#cancel(message.request)
    else if (message.type === 'noted') this.#refresh(message.stream).catch(this.#context.transport.onStoreError)
    else if (message.type === 'appended' || message.type === 'reading') this.#transport.hear(message)
  }

  /** Looks for what other replicas have told, since their words may get lost. */
  async refresh (): Promise<void> {
    this.#transport.wake()
    await this.#transport.endRefused()
    // The client came back before it was known that its process is gone.
    if (this.#transport.isWaiting) this.#credential.claimSoon()
    await Promise.all([...this.#transport.exchanges].map(({ stream }) => this.#refresh(stream)))
  }

  stopListening (): void {
    this.#transport.standalone.dismiss().catch(this.#context.transport.onStoreError)
  }

  /** Tells what is running to stop. Answers still reach the client. */
  abortRunning (cause: AbortCause): void {
    this.#running.abortAll(cause)
  }

  /** Leaves to other processes what can be done there; the client comes back for the answers. Resolves to whether there was something. */
  async move (): Promise<boolean> {
    const movable = [...this.#transport.exchanges].filter((exchange) => exchange.isMovable && exchange.requests.every(this.#context.isReplayable))
    await Promise.all(movable.map((exchange) => this.#leave(exchange)))
    return movable.length > 0
  }

  /** Ends the live half: aborts what is running, answers it with an error, and ends all streams. The stored half is not touched. */
  async close (cause: AbortCause): Promise<void> {
    this.abortRunning(cause)
    this.#transport.refusePending(new OperationAborted(cause).message)
    await this.#transport.close()
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
      this.#transport.answer({ jsonrpc: '2.0', id, error: toErrorObject(error) })
    } finally {
      this.markUsed()
    }
  }

  /** Resolves to `undefined` when there is nothing to be done. */
  async #run (request: JSONRPCRequest, { exchange, requestId, pickedUp }: Work): Promise<ServerResult | undefined> {
    const { id, method, params } = request
    const isCancelled = !this.#transport.isPending(id)
    // Its cancel came with it, in one batch: nobody waits for it any more.
    if (isCancelled && pickedUp === undefined) return undefined
    const result = this.#running.run(id, (signal) => this.#context.dispatch(method, isObject(params) ? params : {}, createSessionOperation(this.#view(), {
      request, requestId, signal, exchange, pickedUp, notify: (notification) => { this.#transport.notify(id, notification) }
    })))
    // What it has begun elsewhere is only cancelled by whoever knows what it is.
    if (isCancelled) this.#running.abort(id, 'cancelled')
    return result
  }

  #view (): SessionView {
    this.#client ??= readClient(this.#identity.initialize)
    return {
      caller: this.caller,
      credential: this.#credential.value,
      name: this.#nameInLogs,
      ...this.#client,
      protocolVersion: this.#identity.protocolVersion,
      wishes: this.#wishes,
      getTask: (taskId) => {
        // It may have waited for its client.
        this.#credential.claimSoon()
        return this.#transport.tasks.get(taskId)
      },
      cancelTask: (taskId) => this.#transport.tasks.cancel(taskId, () => { this.#cancel(taskId) })
    }
  }

  #takeNotice ({ method, params }: JSONRPCNotification): void {
    if (method !== 'notifications/cancelled' || !isObject(params) || !isStringOrInteger(params['requestId'])) return
    this.#cancelAnywhere(params['requestId'])
  }

  async #takeAnswer (response: JSONRPCResponse): Promise<void> {
    const question = readQuestionId(response)
    if (question === undefined) return
    const { log, bus, onStoreError } = this.#context.transport
    const key = { session: this.id, stream: question.stream }
    const exchange = this.#transport.exchange(question.stream)
    if (exchange !== undefined) await exchange.takeAnswer(question.name, answerIn(response)).catch(onStoreError)
    else if (await noteAnswer(log, key, question.name, answerIn(response))) {
      bus.publish({ type: 'noted', ...key })
      this.#credential.claimSoon()
    }
  }

  /** Looks for what other replicas have noted on a call that is worked on here. */
  async #refresh (stream: string): Promise<void> {
    const exchange = this.#transport.exchange(stream)
    if (exchange?.isLogged !== true) return
    const record = await this.#context.transport.log.record({ session: this.id, stream })
    if (record !== undefined) this.#learn(record)
    // Nobody forgets a call that isn't answered, but with its session.
    else for (const { id } of exchange.requests) this.#running.abort(id, 'session_ended')
  }

  #learn (record: StreamRecord): void {
    const exchange = this.#transport.exchange(record.stream)
    exchange?.learn(record.notes)
    for (const { id } of exchange?.requests ?? []) if (isCancelled(record, id)) this.#cancel(id)
  }

  #cancel (id: RequestId): void {
    this.#running.abort(id, 'cancelled')
    this.#transport.abandon(id)
  }

  /** It may run elsewhere, or nowhere because its process died. */
  #cancelAnywhere (id: RequestId): void {
    const isHere = this.isPending(id)
    this.#cancel(id)
    if (isHere) return
    const { log, bus, onStoreError } = this.#context.transport
    bus.publish({ type: 'cancelled', session: this.id, request: id })
    noteCancel(log, this.id, id).then(() => { this.#credential.claimSoon() }).catch(onStoreError)
  }
}
