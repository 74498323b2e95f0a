import { Type, type Static } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { findAgent } from '../../src/dust/find-agent.ts'
import { narrate, type BlockedStatus } from '../../src/dust/narration.ts'
import type { Run } from '../../src/dust/client.ts'
import type { Agent, AgentAction, AgentMessage } from '../../src/dust/types.ts'
import type { ToolResult } from '../../src/mcp/catalog.ts'
import { OperationAborted, ToolError } from '../../src/mcp/operation.ts'
import { ProgressFeed } from '../../src/mcp/progress-feed.ts'

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
  | { status: 'succeeded' | 'failed' | 'cancelled', message: AgentMessage }
  | { status: BlockedStatus | 'running', explanation: string }

/** The tool that asks an agent and stays with it until it has answered. */
export default fp(async (fastify) => {
  const { dust, mcp, log } = fastify
  const { runTimeoutMs, maxRuns } = fastify.config.dust
  let runs = 0

  mcp.addTool({
    name: 'dust_ask_agent',
    title: 'Ask a Dust agent',
    description: 'Sends a message to an AI agent of the Dust workspace and waits for its answer, which can take from seconds to many minutes; ' +
      'the answer and the agent\'s tool steps arrive as progress meanwhile. Write the message as you would to a colleague who doesn\'t know this conversation. ' +
      'To ask a follow-up, pass the conversationId of the earlier answer.',
    input: Type.Object({
      agent: Type.String({ minLength: 1, maxLength: 200, description: 'Id or name of the agent, as listed by dust_list_agents.' }),
      message: Type.String({ minLength: 1, description: 'What to ask.' }),
      conversationId: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Goes on in this conversation; without it a new one is started.' }))
    }, { additionalProperties: false }),
    output: Answer,
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: true }
  }, async ({ agent: idOrName, message, conversationId }, operation) => {
    if (runs >= maxRuns) throw new ToolError(`This server runs ${maxRuns} agents already, which is its limit. Try again in a minute.`)
    runs++
    const feed = new ProgressFeed(operation, (error) => { log.warn({ err: error }, 'progress could not be sent') })
    try {
      const agent = await findAgent(dust, idOrName, operation.signal)
      if (agent.status !== 'active') throw new ToolError(`The agent ${agent.name} can't be asked: its status is ${agent.status}.`)
      // Without the signal: once the question may have left, its ids are needed to cancel the run.
      const run = await dust.startRun({ agentId: agent.sId, content: message, ...(conversationId === undefined ? {} : { conversationId }) })
      feed.step(`${agent.name} got the message`)
      const { answer, actions, outcome } = await follow(run, operation.signal, feed)
      return toResult(agent, run, answer, actions, outcome)
    } finally {
      runs--
      await feed.end()
    }
  })

  /** Reads a run's events until it ends, is blocked, or nobody waits any more. */
  async function follow (run: Run, signal: AbortSignal, feed: ProgressFeed): Promise<{ answer: string, actions: AgentAction[], outcome: Outcome }> {
    const timeout = AbortSignal.timeout(runTimeoutMs)
    const actions = new Map<string, AgentAction>()
    let answer = ''
    const soFar = (outcome: Outcome) => ({ answer, actions: [...actions.values()], outcome })
    try {
      for await (const { event } of dust.messageEvents(run, { signal: AbortSignal.any([signal, timeout]) })) {
        if (event.type === 'run_completed') {
          const { message } = event
          return { answer: message.content ?? answer, actions: message.actions, outcome: { status: toStatus(message), message } }
        }
        const narration = narrate(event)
        if (narration === null) continue
        if (narration.kind === 'blocked') return soFar({ status: narration.status, explanation: `${narration.text} Open ${run.url} to decide.` })
        if (narration.kind === 'answer') {
          answer += narration.text
          feed.text(narration.text)
        } else {
          if (narration.action !== undefined) actions.set(narration.action.sId, narration.action)
          feed.step(narration.text)
        }
      }
      throw new Error('The events of a run ended without run_completed')
    } catch (error) {
      if (signal.aborted) {
        if (isShutdown(signal.reason)) return soFar({ status: 'running', explanation: 'This server is shutting down, but the agent goes on.' })
        await cancel(run)
      } else if (timeout.aborted) {
        return soFar({ status: 'running', explanation: `The agent hasn't finished within ${Math.round(runTimeoutMs / 1000)} s; it goes on.` })
      }
      throw error
    }
  }

  async function cancel ({ conversationId, messageId }: Run): Promise<void> {
    try {
      await dust.cancel(conversationId, [messageId])
    } catch (error) {
      log.warn({ err: error, conversationId, messageId }, 'a run could not be cancelled in Dust')
    }
  }
}, { name: 'tools-ask-agent', dependencies: ['config', 'dust', 'mcp'] })

function isShutdown (reason: unknown): boolean {
  return reason instanceof OperationAborted && reason.abortCause === 'shutdown'
}

function toStatus (message: AgentMessage): 'succeeded' | 'failed' | 'cancelled' {
  return message.status === 'created' ? 'failed' : message.status
}

function toResult (agent: Agent, run: Run, answer: string, actions: readonly AgentAction[], outcome: Outcome): ToolResult<Static<typeof Answer>> {
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
    ...(outcome.status === 'failed' ? { isError: true } : {})
  }
}

function explain (agent: Agent, outcome: Outcome): string {
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
