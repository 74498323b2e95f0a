import type { StreamRecord } from '../../store/event-log.ts'
import { AWAITING_CLIENT } from './replica.ts'
import type { StreamsOptions } from './streams.ts'

/**
 * What the client of a session brings to act with. It's in memory only: a call whose process is gone waits for the client,
 * and goes on where the client comes back to.
 */
export class ClientCredential {
  readonly #session: string
  readonly #isNeeded: boolean
  readonly #options: Pick<StreamsOptions, 'log' | 'replica' | 'onStoreError'>
  readonly #goOn: (record: StreamRecord) => Promise<void>
  #value: object | null = null
  #claiming: Promise<void> | undefined

  /**
   * @param isNeeded whether the requests of the session can't be worked on without
   * @param goOn goes on with a call that is ours from now on
   */
  constructor (session: string, isNeeded: boolean, options: Pick<StreamsOptions, 'log' | 'replica' | 'onStoreError'>, goOn: (record: StreamRecord) => Promise<void>) {
    this.#session = session
    this.#isNeeded = isNeeded
    this.#options = options
    this.#goOn = goOn
  }

  get value (): object | null {
    return this.#value
  }

  get isMissing (): boolean {
    return this.#isNeeded && this.#value === null
  }

  /** The client makes a request. */
  bring (credential: object | null): void {
    const wasMissing = this.isMissing
    this.#value = credential
    if (wasMissing) this.claimSoon()
  }

  /** Leaves a call until the client is back. */
  async await (record: StreamRecord): Promise<void> {
    const { log, replica } = this.#options
    await log.hand(record, replica, AWAITING_CLIENT)
  }

  /** Looks for calls that wait for the client, if it is here. */
  claimSoon (): void {
    if (!this.#isNeeded || this.#value === null) return
    this.#claiming ??= this.#claim()
      .catch(this.#options.onStoreError)
      .finally(() => { this.#claiming = undefined })
  }

  async #claim (): Promise<void> {
    const { log, replica } = this.#options
    for (const { writer, ...key } of await log.calls(this.#session)) {
      if (writer !== AWAITING_CLIENT || !await log.hand(key, AWAITING_CLIENT, replica)) continue
      // Again, for what was noted until it became ours.
      const record = await log.record(key)
      if (record !== undefined) await this.#goOn(record)
    }
  }
}
