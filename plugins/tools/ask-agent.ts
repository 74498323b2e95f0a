import { Type, type Static } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { DustError, type Run } from '../../src/dust/client.ts'
import { dustErrorDetails } from '../../src/dust/errors.ts'
import { findAgent } from '../../src/dust/find-agent.ts'
import { narrate, type BlockedStatus } from '../../src/dust/narration.ts'
import type { Agent, AgentAction, AgentMessage } from '../../src/dust/types.ts'
import type { ToolResult } from '../../src/mcp/catalog/tools.ts'
import { OperationAborted, ToolError, type AbortCause } from '../../src/mcp/operation.ts'
import { ProgressFeed } from '../../src/mcp/progress-feed.ts'
import { RUN_OUTCOMES, RunMeter, type RunOutcome } from '../metrics/run-meter.ts'

const ToolStep = Type.Object({
  tool: Type.String(),
  status: Type.String({ description: 'As Dust names it: succeeded, errored, denied, running, blocked_...' }),
  durationMs: Type.Union([Type.Integer(), Type.Null()])
})

const Answer = Type.Object({
  answer: Type.String({ description: 'What the agent said; so far, when status isn\'t succeeded.' }),
  agent: Type.Object({ id: Type.String(), name: Type.String() }),
  conversationId: Type.String({ description: 'Pass it to dust_ask_agent to go on in this conversation.' }),
  messageId: Type.String(),
  status: Type.String({
    description: 'succeeded, failed, cancelled; running: the agent goes on, read its answer later with dust_get_conversation; ' +
      'waiting_for_approval, waiting_for_answer, waiting_for_authorization: a person must open url and act.'
  }),
  url: Type.String({ description: 'Where a person reads the conversation.' }),
  toolSteps: Type.Array(ToolStep)
})

/** How a run ended for the one who asked; `running` means that it goes on without them. */
type Outcome =
  | { status: 'succeeded' | 'failed' | 'cancelled', measured: RunOutcome, message: AgentMessage }
  | { status: BlockedStatus | 'running', measured: RunOutcome, explanation: string }

type Asked = Pick<Agent, 'sId' | 'name'>

interface EndedRun {
  /** The whole answer, or what there is of it. */
  answer: string
  actions: readonly AgentAction[]
  outcome: Outcome
}

/** The tool that asks an agent and stays with it until it has answered. */
export default fp(async (fastify) => {
  const { dust, mcp, log } = fastify
  const { runTimeoutMs, maxRuns } = fastify.config.dust
  const instruments = fastify.instruments.runs
  let runs = 0

  for (const outcome of RUN_OUTCOMES) instruments.duration.zero({ outcome })
  instruments.rejected.inc({ reason: 'concurrency' }, 0)

  mcp.addTool({
    name: 'dust_ask_agent',
    title: 'Ask a Dust agent',
    description: 'Sends a message to an AI agent of the Dust workspace and waits for its answer, which can take from seconds to many minutes; ' +
      'the answer and the agent\'s tool steps arrive as progress meanwhile. Write the message as you would to a colleague who doesn\'t know this conversation. ' +
      'To ask a follow-up, pass the conversationId of the earlier answer.',
    input: Type.Object({
      agent: Type.String({ minLength: 1, maxLength: 200, description: 'Id or name of the agent, as listed by dust_list_agents.' }),
      message: Type.String({ pattern: '\\S', description: 'What to ask.' }),
      conversationId: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Goes on in this conversation; without it a new one is started.' }))
    }, { additionalProperties: false }),
    output: Answer,
    longRunning: true,
    replayable: true,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true }
  }, async ({ agent: idOrName, message, conversationId }, operation) => {
    // One that runs already in Dust is only followed.
    if (runs >= maxRuns && operation.resumed === null) {
      instruments.rejected.inc({ reason: 'concurrency' })
      throw new ToolError(`This server runs ${maxRuns} agents already, which is its limit. Try again in a minute.`)
    }
    instruments.inProgress.set(++runs)
    const since = operation.resumed?.since ?? Date.now()
    const meter = new RunMeter(instruments, since)
    const feed = new ProgressFeed(operation, (error) => { log.warn({ err: error }, 'progress could not be sent') })
    try {
      const agent = await operation.once('agent', () => find(idOrName, operation.signal), { isRepeatable: true })
      // Without the signal: once the question may have left, its ids are needed to cancel the run.
      const run = await operation.once('run', () => dust.startRun({ agentId: agent.sId, content: message, ...(conversationId === undefined ? {} : { conversationId }) }))
      if (operation.resumed?.progress == null) feed.step(`${agent.name} got the message, in conversation ${run.conversationId}`)
      const ended = await follow(run, operation.signal, since + runTimeoutMs, feed, meter)
      meter.end(ended.outcome.measured)
      return toResult(agent, run, ended)
    } catch (error) {
      const outcome = outcomeOf(error, operation.signal)
      if (outcome !== null) meter.end(outcome)
      throw error
    } finally {
      instruments.inProgress.set(--runs)
      await feed.end()
    }
  })

  async function find (idOrName: string, signal: AbortSignal): Promise<Asked> {
    const { sId, name, status } = await findAgent(dust, idOrName, signal)
    if (status !== 'active') throw new ToolError(`The agent ${name} can't be asked: its status is ${status}.`)
    return { sId, name }
  }

  /** Reads a run's events until it ends, is blocked, or can't be followed any more. Throws only when it was cancelled. */
  async function follow (run: Run, signal: AbortSignal, deadline: number, feed: ProgressFeed, meter: RunMeter): Promise<EndedRun> {
    const timeout = AbortSignal.timeout(Math.max(0, deadline - Date.now()))
    const position = feed.position === null ? {} : { lastEventId: feed.position }
    const actions = new Map<string, AgentAction>()
    let answer = ''
    let draft = 0
    const soFar = (outcome: Outcome): EndedRun => ({ answer, actions: [...actions.values()], outcome })
    try {
      for await (const { id, event } of dust.messageEvents(run, { signal: AbortSignal.any([signal, timeout]), ...position })) {
        meter.event(event)
        if (event.type === 'run_completed') return completed(event.message, answer)
        const narration = narrate(event)
        if (narration === null) continue
        if (narration.kind === 'blocked') return soFar({ status: narration.status, measured: 'waiting', explanation: `${narration.text} Open ${run.url} to decide.` })
        if (narration.kind === 'answer') {
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
        await cancel(run)
        throw error
      }
      if (signal.aborted) return soFar({ status: 'running', measured: 'shutdown', explanation: 'This server is shutting down, but the agent goes on.' })
      if (timeout.aborted) return soFar({ status: 'running', measured: 'timeout', explanation: `The agent hasn't finished within ${Math.round(runTimeoutMs / 1000)} s; it goes on.` })
      if (error instanceof DustError) {
        log.warn({ conversationId: run.conversationId, messageId: run.messageId, dust: dustErrorDetails(error) }, 'an agent run could not be followed to its end')
        return soFar({ status: 'running', measured: 'error', explanation: error.message })
      }
      throw error
    }
  }

  async function cancel ({ conversationId, messageId }: Run): Promise<void> {
    try {
      await dust.cancel(conversationId, [messageId])
    } catch (error) {
      // Not the error itself: its words may quote Dust.
      const details = error instanceof DustError ? dustErrorDetails(error) : { type: String(Object(error).name) }
      log.warn({ conversationId, messageId, dust: details }, 'a run could not be cancelled in Dust')
    }
  }
}, { name: 'tools-ask-agent', dependencies: ['config', 'metrics', 'dust', 'mcp'] })

function isAborted ({ reason }: AbortSignal, cause: AbortCause): boolean {
  return reason instanceof OperationAborted && reason.abortCause === cause
}

/** How a run that broke off counts; `null` when there was none, because the asker named what isn't there, or another process counts it. */
function outcomeOf (error: unknown, signal: AbortSignal): RunOutcome | null {
  if (isAborted(signal, 'moved')) return null
  if (signal.aborted) return isAborted(signal, 'shutdown') ? 'shutdown' : 'cancelled'
  const isMistake = error instanceof ToolError || (error instanceof DustError && error.kind === 'not_found')
  return isMistake ? null : 'error'
}

function completed (message: AgentMessage, streamed: string): EndedRun {
  const ended = { answer: message.content ?? streamed, actions: message.actions }
  switch (message.status) {
    case 'succeeded':
      return { ...ended, outcome: { status: 'succeeded', measured: 'success', message } }
    case 'cancelled':
      return { ...ended, outcome: { status: 'cancelled', measured: 'cancelled', message } }
    default:
      return { ...ended, outcome: { status: 'failed', measured: 'error', message } }
  }
}

function toResult (agent: Asked, run: Run, { answer, actions, outcome }: EndedRun): ToolResult<Static<typeof Answer>> {
  const { conversationId, messageId, url } = run
  return {
    text: [answer, explain(agent, outcome), `conversationId: ${conversationId}`].filter((part) => part !== '').join('\n\n'),
    structured: {
      answer,
      agent: { id: agent.sId, name: agent.name },
      conversationId,
      messageId,
      status: outcome.status,
      url,
      toolSteps: actions.map(({ toolName, status, executionDurationMs }) => ({ tool: toolName, status, durationMs: executionDurationMs }))
    },
    ...(outcome.measured === 'error' ? { isError: true } : {})
  }
}

function explain (agent: Asked, outcome: Outcome): string {
  switch (outcome.status) {
    case 'succeeded':
      return ''
    case 'failed':
      return `${agent.name} failed: ${outcome.message.error?.message ?? 'Dust gave no reason'}`
    case 'cancelled':
      return `The run of ${agent.name} was cancelled.`
    case 'running':
      return `${outcome.explanation} Read its answer later with dust_get_conversation.`
    default:
      return outcome.explanation
  }
}
