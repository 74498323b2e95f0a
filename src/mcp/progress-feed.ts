import type { Operation, Progress } from './operation.ts'

/** How long pieces of text are collected before they are sent as one notification. */
const COLLECT_MS = 200
/** Clients and proxies give up on a silent request; most of them wait far longer than this. */
const HEARTBEAT_MS = 10_000
/** Travels with the progress, so that what was told and how far it went are never apart. */
const POSITION = 'mcp-dust-server/position'

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
  /** The step that nothing has followed yet. */
  #doing = ''
  /** How far the client was told of the work before this process took it over; `null` for the beginning. */
  readonly position: string | null
  #collecting: NodeJS.Timeout | undefined
  #heartbeat: NodeJS.Timeout | undefined
  #sent: Promise<void> = Promise.resolve()
  /** How far what was collected goes, and what was sent. */
  #reached: string | null
  #told: string | null

  /** @param onError a notification could not be sent; the work goes on */
  constructor (operation: Pick<Operation, 'progress' | 'resumed'>, onError: (error: unknown) => void) {
    this.#operation = operation
    this.#onError = onError
    this.position = positionOf(operation.resumed?.progress)
    this.#told = this.position
    this.#reached = this.position
    this.#expectSilence()
  }

  /**
   * Adds to the growing text.
   *
   * @param draft a new number begins the text anew
   * @param position where to go on when another process takes over after this was told
   */
  text (piece: string, draft: number, position: string | null): void {
    if (draft !== this.#draft) this.#flush()
    this.#draft = draft
    this.#reached = position ?? this.#reached
    this.#doing = ''
    this.#collected += piece
    this.#collecting ??= setTimeout(() => { this.#flush() }, COLLECT_MS)
  }

  /** Tells what is being done now, after the text so far. */
  step (message: string, position: string | null = null): void {
    this.#flush()
    this.#told = this.#reached = position ?? this.#reached
    this.#doing = message
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
    this.#told = this.#reached
    this.#send(this.#collected, { 'mcp-dust-server/kind': 'text', 'mcp-dust-server/draft': this.#draft })
    this.#collected = ''
  }

  #send (message: string, meta: Record<string, string | number>): void {
    this.#expectSilence()
    const position = this.#told === null ? {} : { [POSITION]: this.#told }
    const sending = this.#operation.progress({ message, meta: { ...meta, ...position } })
    this.#sent = Promise.all([this.#sent, sending.catch(this.#onError)]).then(() => {})
  }

  #expectSilence (): void {
    clearTimeout(this.#heartbeat)
    this.#heartbeat = setTimeout(() => {
      const seconds = Math.round((Date.now() - this.#startedAt) / 1000)
      this.#send(`Still working, ${seconds} s so far${this.#doing === '' ? '' : `. ${this.#doing}`}`, { 'mcp-dust-server/kind': 'heartbeat' })
    }, HEARTBEAT_MS)
    this.#heartbeat.unref()
  }
}

function positionOf (progress: Progress | null | undefined): string | null {
  const position = progress?.meta?.[POSITION]
  return typeof position === 'string' ? position : null
}
