import type { FastifyBaseLogger } from 'fastify'
import { DustError, type DustClient, type Run, type RunEvent } from '../../src/dust/client.ts'
import { dustErrorDetails } from '../../src/dust/errors.ts'
import { narrate } from '../../src/dust/narration.ts'
import type { AgentAction } from '../../src/dust/types.ts'
import { OperationAborted, type AbortCause, type Operation } from '../../src/mcp/operation.ts'
import type { ProgressFeed } from '../../src/mcp/progress-feed.ts'
import { completed, type EndedRun, type Outcome } from './answer.ts'
import { Decisions, type ApprovalPolicy } from './decisions.ts'
import { needIn, needOf, statusOf, type Need } from './needs.ts'

export interface FollowOptions {
  dust: DustClient
  log: FastifyBaseLogger
  policy: ApprovalPolicy
  agentName: string
  operation: Operation
  /** Ends the following when time is over; the run goes on then. */
  timeout: AbortSignal
  timeoutMs: number
  /** Whether it may need something that no event will tell of any more. */
  isUnderway: boolean
  /** An action that somebody decided a moment ago. */
  decided: string | undefined
  /** Whether a call that is cancelled takes the run along. */
  cancels: boolean
  /** Is called when the run begins to wait for a person, and when it goes on. */
  onWaiting: (isWaiting: boolean) => void
  /** Is called with each event. */
  onEvent: (event: RunEvent['event']) => void
  feed: ProgressFeed
}

/**
 * Reads a run's events until it ends, can't be followed any more, or nobody decides what it waits for.
 * Throws only when it was cancelled or goes on elsewhere, and when a question must travel to the client first.
 */
export async function followRun (run: Run, { dust, log, policy, agentName, operation, timeout, timeoutMs, isUnderway, decided, cancels, onWaiting, onEvent, feed }: FollowOptions): Promise<EndedRun> {
  const { signal } = operation
  const decisions = new Decisions({ dust, log, operation, policy, agentName, url: run.url, decided, onWaiting })
  const actions = new Map<string, AgentAction>()
  let answer = ''
  let draft = 0
  try {
    if (isUnderway) for (const need of await listNeeds()) decisions.decide(need, false)
    const events = dust.messageEvents(run, {
      signal: AbortSignal.any([signal, timeout, decisions.stuck]),
      ...(feed.position === null ? {} : { lastEventId: feed.position })
    })
    for await (const { id, event } of events) {
      onEvent(event)
      if (event.type === 'run_completed') return completed(event.message, answer)
      const need = needIn(event)
      if (need !== null) decisions.decide(need, true)
      else if ('action' in event) decisions.withdraw(event.action.sId)
      const narration = narrate(event)
      if (narration === null) continue
      if (narration.kind === 'blocked') {
        // Whoever goes on from here must get the event again.
        feed.step(narration.text)
      } else if (narration.kind === 'answer') {
        // No agent speaks while it waits.
        decisions.withdrawReached()
        answer = narration.step === draft ? answer + narration.text : narration.text
        draft = narration.step
        feed.text(narration.text, draft, id)
      } else {
        if (narration.action !== undefined) actions.set(narration.action.sId, narration.action)
        feed.step(narration.text, id)
      }
    }
    throw new Error('The events of a run ended without run_completed')
  } catch (error) {
    if (isAborted(signal, 'moved')) throw error
    if (signal.aborted && !isAborted(signal, 'shutdown')) {
      if (cancels) await cancel()
      throw error
    }
    if (signal.aborted) return leave('shutdown', 'This server is shutting down.')
    if (decisions.stuck.aborted) return await leaveStuck()
    if (timeout.aborted) return leave('timeout', `The agent hasn't finished within ${Math.round(timeoutMs / 1000)} s.`)
    if (error instanceof DustError) {
      log.warn({ conversationId: run.conversationId, messageId: run.messageId, dust: dustErrorDetails(error) }, 'an agent run could not be followed to its end')
      return soFar({ status: 'running', measured: 'error', explanation: error.message })
    }
    throw error
  } finally {
    await decisions.close()
  }

  function soFar (outcome: Outcome): EndedRun {
    return { answer, actions: [...actions.values()], outcome }
  }

  /** The run goes on, or waits, without the call. */
  function leave (measured: 'shutdown' | 'timeout' | 'waiting', why: string, needs: Need[] = decisions.open): EndedRun {
    const [first] = needs
    return first === undefined
      ? soFar({ status: 'running', measured, explanation: `${why} The agent goes on.` })
      : soFar({ status: statusOf(first), measured: 'waiting', explanation: why, needs })
  }

  async function leaveStuck (): Promise<EndedRun> {
    const { open } = decisions
    const known = new Set(open.map(({ actionId }) => actionId))
    // Several tools of one step are asked for one by one: what else is needed is known to Dust already.
    const others = (await listNeeds().catch(passOver)).filter(({ actionId }) => !known.has(actionId) && actionId !== decided)
    if (decisions.required !== null) for (const need of others) decisions.decide(need, false)
    await decisions.close()
    if (decisions.fault !== undefined) throw decisions.fault
    if (decisions.required !== null) throw decisions.required
    return leave('waiting', decisions.complaint, [...open, ...others])
  }

  async function listNeeds (): Promise<Need[]> {
    const needs = (await dust.blockedActions(run.conversationId, signal)).map(needOf).filter((need) => need !== null)
    return needs.filter(({ conversationId, messageId }) => conversationId !== run.conversationId || messageId === run.messageId)
  }

  function passOver (error: unknown): Need[] {
    if (!(error instanceof DustError)) throw error
    log.warn({ conversationId: run.conversationId, dust: dustErrorDetails(error) }, 'what a run waits for could not be listed')
    return []
  }

  async function cancel (): Promise<void> {
    const { conversationId, messageId } = run
    try {
      await dust.cancel(conversationId, [messageId])
    } catch (error) {
      // Not the error itself: its words may quote Dust.
      const details = error instanceof DustError ? dustErrorDetails(error) : { type: String(Object(error).name) }
      log.warn({ conversationId, messageId, dust: details }, 'a run could not be cancelled in Dust')
    }
  }
}

export function isAborted ({ reason }: AbortSignal, cause: AbortCause): boolean {
  return reason instanceof OperationAborted && reason.abortCause === cause
}
