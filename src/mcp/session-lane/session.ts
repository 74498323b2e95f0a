import { createHash } from 'node:crypto'
import type { StreamRecord } from '../../store/event-log.ts'
import type { SessionWishes } from '../../store/session-store.ts'
import type { Change } from '../change.ts'
import type { HttpReply, HttpRequest } from '../http.ts'
import { isObject, isResponse, isStringOrInteger, type JSONRPCMessage, type JSONRPCNotification, type JSONRPCRequest, type RequestId } from '../json-rpc.ts'
import { OperationAborted, type AbortCause } from '../operation.ts'
import { Calls } from './calls.ts'
import { ClientCredential } from './client-credential.ts'
import { ClientWishes } from './client-wishes.ts'
import { STANDALONE } from './event-id.ts'
import { readClient, type ClientDescription } from './handshake.ts'
import { Notices } from './notices.ts'
import type { ReplicaMessage } from './replica-message.ts'
import type { SessionContext, SessionIdentity } from './session-context.ts'
import type { SessionView } from './session-operation.ts'
import { SessionTransport } from './transport.ts'

/** The live half of a session: what its client sends and reads, and what it wants to be told. */
export class Session {
  readonly id: string
  readonly caller: string
  readonly #transport: SessionTransport
  readonly #context: SessionContext
  readonly #identity: SessionIdentity
  /** A hash, since whoever knows the id can join the session. */
  readonly #nameInLogs: string
  readonly #calls: Calls
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
      if (await this.#calls.pickUp(record)) context.onPickUp()
    })
    this.#transport = new SessionTransport(identity.id, identity.protocolVersion, context.transport, {
      onrequest: (request, exchange, requestId) => { this.#calls.begin(request, { exchange, requestId }) },
      onnotification: (notification) => { this.#takeNotice(notification) },
      onlost: (exchange) => { this.#calls.lose(exchange) }
    })
    this.#calls = new Calls(this.#transport, this.#credential, context, { id: identity.id, view: () => this.#view(), onUsed: () => { this.markUsed() } })
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
    return this.#calls.areRunning || this.#transport.isBusy
  }

  isPending (id: RequestId): boolean {
    return this.#calls.isPending(id)
  }

  /** @throws {StoreError} */
  async post (messages: readonly JSONRPCMessage[], http: HttpRequest): Promise<HttpReply> {
    const others: Array<JSONRPCRequest | JSONRPCNotification> = []
    for (const message of messages) {
      if (isResponse(message)) await this.#calls.takeAnswer(message)
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
   * Goes on with a call that another process began. Resolves to whether it goes on here and now.
   *
   * @throws {StoreError}
   */
  async pickUp (record: StreamRecord): Promise<boolean> {
    return this.#calls.pickUp(record)
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
    if (message.type === 'cancelled') this.#calls.cancel(message.request)
    else if (message.type === 'noted') this.#calls.refresh(message.stream).catch(this.#context.transport.onStoreError)
    else if (message.type === 'appended' || message.type === 'reading') this.#transport.hear(message)
  }

  /** Looks for what other replicas have told, since their words may get lost. */
  async refresh (): Promise<void> {
    this.#transport.wake()
    await this.#transport.endRefused()
    // The client came back before it was known that its process is gone.
    if (this.#transport.isWaiting) this.#credential.claimSoon()
    await Promise.all([...this.#transport.exchanges].map(({ stream }) => this.#calls.refresh(stream)))
  }

  stopListening (): void {
    this.#transport.standalone.dismiss().catch(this.#context.transport.onStoreError)
  }

  /** Tells what is running to stop. Answers still reach the client. */
  abortRunning (cause: AbortCause): void {
    this.#calls.abortAll(cause)
  }

  /** Leaves to other processes what can be done there; the client comes back for the answers. Resolves to whether there was something. */
  async move (): Promise<boolean> {
    return this.#calls.move()
  }

  /** Ends the live half: aborts what is running, answers it with an error, and ends all streams. The stored half is not touched. */
  async close (cause: AbortCause): Promise<void> {
    this.abortRunning(cause)
    this.#transport.refusePending(new OperationAborted(cause).message)
    await this.#transport.close()
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
      cancelTask: (taskId) => this.#transport.tasks.cancel(taskId, () => { this.#calls.cancel(taskId) })
    }
  }

  #takeNotice ({ method, params }: JSONRPCNotification): void {
    if (method !== 'notifications/cancelled' || !isObject(params) || !isStringOrInteger(params['requestId'])) return
    this.#calls.cancelAnywhere(params['requestId'])
  }
}
