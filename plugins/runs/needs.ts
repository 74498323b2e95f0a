import { Type, type Static } from '@sinclair/typebox'
import type { RunEvent } from '../../src/dust/client.ts'
import { narrate, type BlockedStatus } from '../../src/dust/narration.ts'
import type { BlockedAction, UserQuestion, WaitingAction } from '../../src/dust/types.ts'

/**
 * What an agent needs of a person before it goes on: leave to use a tool, the answer to a question, or access to something that only
 * a person can give, in Dust. Its ids may be those of a sub-agent's conversation.
 */
export type Need = BlockedAction & (
  | { kind: 'approval' }
  | { kind: 'answer', question: UserQuestion }
  | { kind: 'authorization', words: string }
)

/** A need, as tools tell of it. */
export const NeedSummary = Type.Object({
  actionId: Type.String({ description: 'Pass it to dust_answer_approval.' }),
  kind: Type.String({ description: 'approval of a tool; answer to a question; authorization, which a person can only give in Dust.' }),
  agent: Type.String({ description: 'Name of the agent that waits: the one that was asked, or one that it asked.' }),
  tool: Type.String(),
  server: Type.String({ description: 'Where the tool comes from.' }),
  inputs: Type.Record(Type.String(), Type.Unknown(), { description: 'What the tool would be called with.' }),
  stake: Type.Optional(Type.String({ description: 'How much could go wrong: low, medium, high.' })),
  question: Type.Optional(Type.String()),
  options: Type.Optional(Type.Array(Type.Object({ label: Type.String(), description: Type.Union([Type.String(), Type.Null()]) }))),
  severalOptions: Type.Optional(Type.Boolean({ description: 'Whether more than one option may be chosen.' }))
})

/** A person must see what they approve, but nobody reads a book first. */
const INPUTS_LIMIT_CHARACTERS = 4000

/** What an event says that the agent needs; `null` for any other. */
export function needIn (event: RunEvent['event']): Need | null {
  switch (event.type) {
    case 'tool_approve_execution':
      return { ...event, kind: 'approval' }
    case 'tool_ask_user_question':
      return { ...event, kind: 'answer' }
    case 'tool_personal_auth_required':
    case 'tool_file_auth_required':
      return { ...event, kind: 'authorization', words: narrate(event)?.text ?? '' }
    default:
      return null
  }
}

/** The same from Dust's list of what waits; `null` for what only stands for the need of a sub-agent. */
export function needOf (action: WaitingAction): Need | null {
  const { question } = action
  switch (action.status) {
    case 'blocked_validation_required':
      return { ...action, kind: 'approval' }
    case 'blocked_user_answer_required':
      return question === undefined ? null : { ...action, kind: 'answer', question }
    case 'blocked_authentication_required':
    case 'blocked_file_authorization_required':
      return { ...action, kind: 'authorization', words: `The agent needs an authorization for ${action.metadata.toolName}.` }
    default:
      return null
  }
}

export function statusOf ({ kind }: Need): BlockedStatus {
  return `waiting_for_${kind}`
}

/** For the person who decides, and for whoever tells them. */
export function describeNeed (agentName: string, need: Need): string {
  const { metadata, inputs, stake, argumentsRequiringApproval = [] } = need
  const agent = metadata.agentName === undefined || metadata.agentName === agentName ? agentName : `${metadata.agentName} (asked by ${agentName})`
  if (need.kind === 'authorization') return `${agent} can't go on. ${need.words}`
  if (need.kind === 'answer') {
    const described = need.question.options.map(({ label, description }) => description === null ? `- ${label}` : `- ${label}: ${description}`)
    return [`${agent} asks: ${need.question.question}`, ...described].join('\n')
  }
  return [
    `${agent} wants to use ${metadata.toolName} of ${metadata.mcpServerDisplayName ?? metadata.mcpServerName}.`,
    ...(stake === undefined ? [] : [`Stake: ${stake}.`]),
    ...(argumentsRequiringApproval.length === 0 ? [] : [`It's about: ${argumentsRequiringApproval.join(', ')}.`]),
    `Inputs: ${shorten(JSON.stringify(inputs, null, 2))}`
  ].join('\n')
}

export function summarizeNeed (agentName: string, need: Need): Static<typeof NeedSummary> {
  const { actionId, kind, metadata, inputs, stake } = need
  return {
    actionId,
    kind,
    agent: metadata.agentName ?? agentName,
    tool: metadata.toolName,
    server: metadata.mcpServerDisplayName ?? metadata.mcpServerName,
    inputs,
    ...(stake === undefined ? {} : { stake }),
    ...(need.kind === 'answer' ? { question: need.question.question, options: need.question.options, severalOptions: need.question.multiSelect } : {})
  }
}

function shorten (text: string): string {
  return text.length <= INPUTS_LIMIT_CHARACTERS ? text : `${text.slice(0, INPUTS_LIMIT_CHARACTERS)}... (${text.length} characters)`
}
