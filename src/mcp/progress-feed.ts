import type { Operation } from './operation.ts'

/** How long pieces of text are collected before they are sent as one notification. */
const COLLECT_MS = 200
/** Clients and proxies give up on a silent request; most of them wait far longer than this. */
const HEARTBEAT_MS = 10_000

/**
 * Reports a long piece of work to the client: a growing text in pieces of bearable number, steps as they come,
 * and a sign of life when there is nothing else to say.
 */
export class ProgressFeed {
  readonly #operation: Pick<Operation, 'progress'>
  readonly #onError: (error: unknown) => void
  readonly #startedAt = Date.now()
  #collected = ''
  #draft = 0
  #collecting: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #sent: Promise<void> = Promise.resolve()

  /** @param onError a notification could not be sent; the work goes on */
  constructor (operation: Pick<Operation, 'progress'>, onError: (error: unknown) => void) {
    this.#operation = operation
    this.#onError = onError
    this.#expectSilence()
  }

  /**
   * Adds to the growing text.
   *
   * @param draft a new number begins the text anew
   */
  text (piece: string, draft: number): void {
    if (draft !== this.#draft) this.#flush()
    this.#draft = draft
    this.#collected += piece
    this.#collecting ??= setTimeout(() => { this.#flush() }, COLLECT_MS)
  }

  /** Tells what is being done now, after the text so far. */
  step (message: string): void {
    this.#flush()
    this.#send(message, { 'mcp-dust-server/kind': 'step' })
  }

  /** Sends what is left and falls silent. Resolves when all is on its way. */
  async end (): Promise<void> {
    this.#flush()
    clearTimeout(this.#heartbeat)
    await this.#sent
  }

  #flush (): void {
    clearTimeout(this.#collecting)
    this.#collecting = undefined
    if (this.#collected === '') return
    this.#send(this.#collected, { 'mcp-dust-server/kind': 'text', 'mcp-dust-server/draft': this.#draft })
    this.#collected = ''
  }

  #send (message: string, meta: Record<string, string | number>): void {
    this.#expectSilence()
    const sending = this.#operation.progress({ message, meta })
    this.#sent = Promise.all([this.#sent, sending.catch(this.#onError)]).then(() => {})
  }

  #expectSilence (): void {
    clearTimeout(this.#heartbeat)
    this.#heartbeat = setTimeout(() => {
      this.#send(`Still working, ${Math.round((Date.now() - this.#startedAt) / 1000)} s so far`, { 'mcp-dust-server/kind': 'heartbeat' })
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }
}
