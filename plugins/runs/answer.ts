import { Type, type Static } from '@sinclair/typebox'
import type { Run } from '../../src/dust/client.ts'
import type { BlockedStatus } from '../../src/dust/narration.ts'
import type { Agent, AgentAction, AgentMessage } from '../../src/dust/types.ts'
import type { ToolResult } from '../../src/mcp/catalog/tools.ts'
import { describeFiles, filesOf, LinkedFile, linksTo } from '../conversations/files.ts'
import type { RunOutcome } from '../metrics/run-meter.ts'
import { describeNeed, NeedSummary, summarizeNeed, type Need } from './needs.ts'

const ToolStep = Type.Object({
  tool: Type.String(),
  status: Type.String({ description: 'As Dust names it: succeeded, errored, denied, running, blocked_...' }),
  durationMs: Type.Union([Type.Integer(), Type.Null()])
})

/** What every tool says that waits for an agent. */
export const Answer = Type.Object({
  answer: Type.String({ description: 'What the agent said; so far, when status isn\'t succeeded.' }),
  agent: Type.Object({ id: Type.String(), name: Type.String() }),
  conversationId: Type.String({ description: 'Pass it to dust_ask_agent to go on in this conversation.' }),
  messageId: Type.String(),
  status: Type.String({
    description: 'succeeded, failed, cancelled; running: the agent goes on without this call; ' +
      'waiting_for_approval, waiting_for_answer, waiting_for_authorization: the agent stands still until a person has decided on what is in waitingFor.'
  }),
  url: Type.String({ description: 'Where a person reads the conversation.' }),
  toolSteps: Type.Array(ToolStep),
  files: Type.Array(LinkedFile, { description: 'What the agent made.' }),
  waitingFor: Type.Optional(Type.Array(NeedSummary))
})

/** Who was asked. */
export type Asked = Pick<Agent, 'sId' | 'name'>

/** How a run ended for the one who asked; `running` means that it goes on without them. */
export type Outcome =
  | { status: 'succeeded' | 'failed' | 'cancelled', measured: RunOutcome, message: AgentMessage }
  | { status: 'running', measured: RunOutcome, explanation: string }
  | { status: BlockedStatus, measured: RunOutcome, explanation: string, needs: readonly Need[] }

export interface EndedRun {
  /** The whole answer, or what there is of it. */
  answer: string
  actions: readonly AgentAction[]
  outcome: Outcome
}

/** How a run ended, from its final message. */
export function completed (message: AgentMessage, streamed: string): EndedRun {
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

/** What the client of the tool gets. */
export function toResult (agent: Asked, run: Run, { answer, actions, outcome }: EndedRun, offered: (tool: string) => boolean): ToolResult<Static<typeof Answer>> {
  const { conversationId, messageId, url } = run
  const files = filesOf({ actions: [...actions] }, conversationId)
  return {
    text: [answer, explain(agent, run, outcome, offered), describeFiles('Files', files), `conversationId: ${conversationId}`].filter((part) => part !== '').join('\n\n'),
    structured: {
      answer,
      agent: { id: agent.sId, name: agent.name },
      conversationId,
      messageId,
      status: outcome.status,
      url,
      toolSteps: actions.map(({ toolName, status, executionDurationMs }) => ({ tool: toolName, status, durationMs: executionDurationMs })),
      files,
      ...('needs' in outcome ? { waitingFor: outcome.needs.map((need) => summarizeNeed(agent.name, need)) } : {})
    },
    content: linksTo(files),
    ...(outcome.measured === 'error' ? { isError: true } : {})
  }
}

function explain (agent: Asked, { url }: Run, outcome: Outcome, offered: (tool: string) => boolean): string {
  switch (outcome.status) {
    case 'succeeded':
      return ''
    case 'failed':
      return `${agent.name} failed: ${outcome.message.error?.message ?? 'Dust gave no reason'}`
    case 'cancelled':
      return `The run of ${agent.name} was cancelled.`
    case 'running':
      return sentences(outcome.explanation,
        offered('dust_follow_run') && 'Stay with it with dust_follow_run.',
        offered('dust_get_conversation') && 'Read its answer later with dust_get_conversation.')
    default: {
      const isDecision = outcome.needs.some(({ kind }) => kind !== 'authorization')
      return [...outcome.needs.map((need) => describeNeed(agent.name, need)), sentences(outcome.explanation, `Open ${url} to decide.`,
        isDecision && offered('dust_answer_approval') && 'Or ask the person, and pass on what they decide with dust_answer_approval; never decide for them.',
        !isDecision && offered('dust_follow_run') && 'Then stay with the run with dust_follow_run.')].join('\n\n')
    }
  }
}

function sentences (...words: Array<string | false>): string {
  return words.filter((sentence) => sentence !== false && sentence !== '').join(' ')
}
