import type { AgentMessage } from '../../dust/types.ts'
import { EventHistory } from '../history.ts'
import type { Identifiers } from '../identifiers.ts'
import type { Pace } from '../pace.ts'
import { createRandom, type Random } from '../random.ts'
import type { FileStore } from '../workspace/files.ts'
import { Emitter } from './emitter.ts'
import type { PendingActions } from './pending-actions.ts'
import type { Ending, Reading } from './turn.ts'

/** What the agent is asked, and under which circumstances. */
export interface Order {
  readonly prompt: string
  readonly earlier: readonly string[]
  readonly attachments: readonly Reading[]
  readonly attempt: number
  readonly skipToolsValidation: boolean
}

export interface RunServices {
  readonly seed: number
  readonly historyTtlMs: number
  readonly unknownRate: number
  readonly pace: Pace
  readonly pending: PendingActions
  readonly identifiers: Identifiers
  readonly files: FileStore
  /** Opens a conversation for another agent and starts it there. */
  startChild (parent: Run, agentId: string, task: string): Run
}

/** One agent message from start to end. It goes on whether anyone listens or not. */
export class Run {
  readonly message: AgentMessage
  readonly conversationId: string
  readonly order: Order
  readonly services: RunServices
  readonly parent: Run | undefined
  readonly events: EventHistory
  readonly emitter: Emitter
  readonly random: Random
  /** Resolves when the message has its final status, whichever it is. */
  readonly finished: Promise<void>
  /** For the records: how many stream connections there were. */
  connections = 0
  readonly #abort = new AbortController()
  readonly #finish: () => void
  #stepText = ''
  #isStopped = false

  constructor (conversationId: string, message: AgentMessage, order: Order, services: RunServices, parent?: Run) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const origin = [services.seed, message.configuration.sId, order.earlier.length, order.prompt] as const
    this.message = message
    this.conversationId = conversationId
    this.order = order
    this.services = services
    this.parent = parent
    this.events = new EventHistory(services.historyTtlMs)
    this.emitter = new Emitter(this.events, message, createRandom('noise', ...origin), services.unknownRate)
    this.random = createRandom('answer', ...origin)
    this.finished = promise
    this.#finish = resolve
  }

  get signal (): AbortSignal {
    return this.#abort.signal
  }

  /** This run, the one that delegated to it, and so on up. */
  lineage (): Run[] {
    return [this, ...(this.parent?.lineage() ?? [])]
  }

  /** Plays the turn of the agent to its end. */
  async start (turn: Promise<Ending>): Promise<void> {
    try {
      this.#end(await turn)
    } catch (error) {
      if (!this.signal.aborted) this.#end({ kind: 'error', error: { code: 'unexpected_error', message: String(error), metadata: null } })
      else if (!this.#isStopped) this.#cancelled()
    } finally {
      this.#finish()
    }
  }

  /** Does nothing once the run has ended. */
  cancel (): void {
    this.#abort.abort()
  }

  /** Ends the run without a word, because the workspace closes. */
  stop (): void {
    this.#isStopped = true
    this.#abort.abort()
  }

  write (text: string, classification: 'tokens' | 'chain_of_thought'): void {
    if (classification === 'tokens') this.#stepText += text
    else this.message.chainOfThought = (this.message.chainOfThought ?? '') + text
  }

  nextStep (): void {
    this.#keepRawContent()
    this.emitter.step++
  }

  #end (ending: Ending): void {
    this.#keepRawContent()
    const { message, emitter } = this
    switch (ending.kind) {
      case 'success':
        message.status = 'succeeded'
        message.content = ending.content
        emitter.emit({ type: 'agent_message_success', message, runIds: [this.services.identifiers.sId('run')] })
        this.events.appendEnd()
        break
      case 'gracefully_stopped':
        message.status = 'succeeded'
        message.content = ending.content
        emitter.emit({ type: 'agent_message_gracefully_stopped', message, runIds: [this.services.identifiers.sId('run')] })
        break
      case 'error':
        message.status = 'failed'
        message.error = ending.error
        emitter.emit({ type: 'agent_error', error: ending.error, runIds: [this.services.identifiers.sId('run')] })
        this.events.appendEnd()
        break
      case 'tool_error':
        message.status = 'failed'
        message.error = ending.error
        emitter.emit({ type: 'tool_error', error: ending.error })
        break
      case 'user_message_error':
        message.status = 'failed'
        message.error = { ...ending.error, metadata: null }
        // Not in the usual envelope: the event belongs to no agent message.
        this.events.append({ type: 'user_message_error', created: Date.now(), error: ending.error })
    }
  }

  #cancelled (): void {
    const written = this.#stepText
    this.#keepRawContent()
    this.message.status = 'cancelled'
    this.message.content = written
    this.emitter.emit({ type: 'agent_generation_cancelled' })
  }

  #keepRawContent (): void {
    if (this.#stepText !== '') this.message.rawContents.push({ step: this.emitter.step, content: this.#stepText })
    this.#stepText = ''
  }
}
