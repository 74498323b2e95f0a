import type { FastifyBaseLogger } from 'fastify'
import { DustError, type DustClient } from '../../src/dust/client.ts'
import { dustErrorDetails } from '../../src/dust/errors.ts'
import { hasCapabilities } from '../../src/mcp/input.ts'
import { InputRequired, ToolError, type Operation } from '../../src/mcp/operation.ts'
import type { Need } from './needs.ts'
import { isApproved, requestFor, toUserAnswer } from './questions.ts'

/** What to do when an agent wants leave to use a tool: ask the person, refuse it, or end the call so that somebody decides later. */
export type ApprovalPolicy = 'ask' | 'reject' | 'return'

export interface DecisionsOptions {
  dust: Pick<DustClient, 'validateAction' | 'answerQuestion'>
  log: FastifyBaseLogger
  operation: Operation
  policy: ApprovalPolicy
  /** Of the agent that was asked. */
  agentName: string
  /** Where a person acts in Dust. */
  url: string
  /** An action that somebody decided a moment ago. */
  decided: string | undefined
  /** Is called when the run begins to wait for somebody, and when it goes on. */
  onWaiting: (isWaiting: boolean) => void
}

interface Open {
  need: Need
  /** Whether the run's events have come to where it needs this. */
  isReached: boolean
  withdrawn: AbortController
  deciding: Promise<void>
}

/** Asks the person on behalf of an agent, and tells Dust what they decide. */
export class Decisions {
  readonly #options: DecisionsOptions
  readonly #open = new Map<string, Open>()
  readonly #stuck = new AbortController()
  readonly #required: InputRequired[] = []
  /** A fault that must reach whoever made the call. */
  fault: unknown
  /** Why it could not be decided, beside that nobody did. */
  complaint = ''

  constructor (options: DecisionsOptions) {
    this.#options = options
  }

  /** Aborts when the call must end for now: nobody decides, or a question must travel to its client first. */
  get stuck (): AbortSignal {
    return this.#stuck.signal
  }

  /** What nobody has decided yet. */
  get open (): Need[] {
    return [...this.#open.values()].map(({ need }) => need)
  }

  /** The questions that must travel to the client; `null` when there are none. */
  get required (): InputRequired | null {
    return this.#required.length === 0 ? null : new InputRequired(Object.assign({}, ...this.#required.map(({ requests }) => requests)))
  }

  /**
   * Sees to it that this is decided; the run goes on by itself then.
   *
   * @param isReached whether it comes from the run's events, not from the list of what waits
   */
  decide (need: Need, isReached: boolean): void {
    const known = this.#open.get(need.actionId)
    if (known !== undefined) known.isReached ||= isReached
    if (known !== undefined || need.actionId === this.#options.decided) return
    const withdrawn = new AbortController()
    const deciding = this.#decide(need, withdrawn.signal).then(
      (result) => {
        if (result === 'decided') this.#close(need.actionId)
        if (result === 'undecided') this.#stuck.abort()
      },
      (error: unknown) => { this.#fail(error, withdrawn.signal) })
    this.#open.set(need.actionId, { need, isReached, withdrawn, deciding })
    if (this.#open.size === 1) this.#options.onWaiting(true)
  }

  /** Somebody decided elsewhere: nobody need be asked any more. */
  withdraw (actionId: string): void {
    this.#open.get(actionId)?.withdrawn.abort()
    this.#close(actionId)
  }

  /** The run has gone on, so all that it needed up to here was decided. */
  withdrawReached (): void {
    for (const [actionId, { isReached }] of this.#open) if (isReached) this.withdraw(actionId)
  }

  /** Asks nobody any more. Resolves when nothing is on its way to Dust. */
  async close (): Promise<void> {
    const all = [...this.#open.values()]
    for (const { withdrawn } of all) withdrawn.abort()
    await Promise.all(all.map(({ deciding }) => deciding))
  }

  #close (actionId: string): void {
    if (this.#open.delete(actionId) && this.#open.size === 0) this.#options.onWaiting(false)
  }

  /** `left` is what a person does in Dust by themselves: only the run tells when they did. */
  async #decide (need: Need, signal: AbortSignal): Promise<'decided' | 'undecided' | 'left'> {
    const { dust, operation, policy, agentName, url } = this.#options
    if (need.kind === 'approval' && policy === 'reject') {
      await this.#tell(() => dust.validateAction(need, 'rejected'))
      return 'decided'
    }
    const mustNotAsk = need.kind === 'approval' && policy === 'return'
    if (mustNotAsk || !hasCapabilities(operation.clientCapabilities, { elicitation: need.kind === 'authorization' ? { url: {} } : { form: {} } })) return 'undecided'
    const answer = await operation.ask(`decide-${need.actionId}`, requestFor(agentName, need, url), { signal })
    if (need.kind === 'authorization') return answer.action === 'accept' ? 'left' : 'undecided'
    const words = need.kind === 'answer' ? toUserAnswer(need.question, answer) : null
    // Whoever closes the question hasn't decided.
    if (answer.action === 'cancel' || (need.kind === 'answer' && words === null)) return 'undecided'
    await this.#tell(() => words === null ? dust.validateAction(need, isApproved(answer) ? 'approved' : 'rejected') : dust.answerQuestion(need, words))
    return 'decided'
  }

  /** May be done again, by another process that goes on with the call. */
  async #tell (decide: () => Promise<void>): Promise<void> {
    try {
      await decide()
    } catch (error) {
      // It's decided already: by this call in an earlier process, or by somebody in Dust itself.
      if (!(error instanceof DustError) || error.type !== 'action_not_blocked') throw error
    }
  }

  #fail (error: unknown, withdrawn: AbortSignal): void {
    if (error instanceof DustError) this.#options.log.warn({ dust: dustErrorDetails(error) }, 'a decision could not be told to Dust')
    if (error instanceof InputRequired) this.#required.push(error)
    else if (withdrawn.aborted) return
    else if (error instanceof DustError || error instanceof ToolError) this.complaint ||= error.message
    else this.fault ??= error
    this.#stuck.abort()
  }
}
