import type { SessionWishes } from '../../store/session-store.ts'
import { ErrorCode, ProtocolError } from '../json-rpc.ts'
import { LOGGING_LEVELS, type LoggingLevel } from '../operation.ts'

/** What is sent when the client never asked for a level: more would be noise. */
const DEFAULT_LOG_LEVEL: LoggingLevel = 'info'

/** They are kept for as long as the session lives. */
const SUBSCRIPTION_LIMIT = 1000

/** What the client of a session wants to be told. */
export class ClientWishes {
  readonly #save: (wishes: Partial<SessionWishes>) => Promise<void>
  #logLevel: LoggingLevel = DEFAULT_LOG_LEVEL
  #subscriptions: Set<string> = new Set()

  /** @param save remembers what the client wants from now on */
  constructor (wishes: SessionWishes, save: (wishes: Partial<SessionWishes>) => Promise<void>) {
    this.#save = save
    this.learn(wishes)
  }

  /** Takes in what the client wants, told elsewhere. */
  learn ({ logLevel, subscriptions }: SessionWishes): void {
    this.#logLevel = LOGGING_LEVELS.find((level) => level === logLevel) ?? DEFAULT_LOG_LEVEL
    this.#subscriptions = new Set(subscriptions)
  }

  /** Whether a log message of this level is important enough. */
  wantsLog (level: LoggingLevel): boolean {
    return LOGGING_LEVELS.indexOf(level) >= LOGGING_LEVELS.indexOf(this.#logLevel)
  }

  async setLogLevel (level: LoggingLevel): Promise<void> {
    this.#logLevel = level
    await this.#save({ logLevel: level })
  }

  get subscriptions (): ReadonlySet<string> {
    return this.#subscriptions
  }

  /**
   * Begins or ends to tell of a resource.
   *
   * @throws {ProtocolError} when there are too many
   */
  async subscribe (uri: string, wanted: boolean): Promise<void> {
    if (wanted && !this.#subscriptions.has(uri) && this.#subscriptions.size >= SUBSCRIPTION_LIMIT) throw new ProtocolError(ErrorCode.Refused, `A session may have ${SUBSCRIPTION_LIMIT} subscriptions`)
    if (wanted) this.#subscriptions.add(uri)
    else this.#subscriptions.delete(uri)
    await this.#save({ subscriptions: [...this.#subscriptions] })
  }
}
