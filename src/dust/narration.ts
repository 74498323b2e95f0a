import type { RunEvent } from './run.ts'
import type { AgentAction } from './types.ts'

/** Why an agent stands still until a person does something. */
export type BlockedStatus = 'waiting_for_approval' | 'waiting_for_answer' | 'waiting_for_authorization'

/** What an event of a run means to somebody who watches. */
export type Narration =
  /** The next piece of the answer. What a later step says takes the place of what an earlier one said. */
  | { kind: 'answer', text: string, step: number }
  /** What the agent is doing. */
  | { kind: 'step', text: string, action?: AgentAction }
  | { kind: 'blocked', status: BlockedStatus, text: string }

/** Puts an event into words; `null` when it says nothing to a person. */
export function narrate (event: RunEvent['event']): Narration | null {
  switch (event.type) {
    case 'generation_tokens':
      return event.classification === 'tokens' && event.text !== '' ? { kind: 'answer', text: event.text, step: event.step ?? 0 } : null
    case 'tool_call_started':
      return { kind: 'step', text: `Calling ${event.toolName}` }
    case 'tool_params':
      return { kind: 'step', text: event.action.displayLabels?.running ?? `Running ${event.action.toolName}`, action: event.action }
    case 'tool_notification':
      return { kind: 'step', text: describeNotification(event.action.toolName, event.notification), action: event.action }
    case 'agent_action_success':
      return { kind: 'step', text: event.action.displayLabels?.done ?? `Finished ${event.action.toolName}`, action: event.action }
    case 'tool_error':
      return { kind: 'step', text: `A tool failed: ${event.error.message}` }
    case 'tool_approve_execution':
      return { kind: 'blocked', status: 'waiting_for_approval', text: `The agent asks for approval to use ${event.metadata.toolName} of ${event.metadata.mcpServerName}.` }
    case 'tool_ask_user_question':
      return { kind: 'blocked', status: 'waiting_for_answer', text: `The agent asks: ${event.question.question}` }
    case 'tool_personal_auth_required':
      return { kind: 'blocked', status: 'waiting_for_authorization', text: `The agent needs access to a personal account for ${event.authError.toolName}.` }
    case 'tool_file_auth_required':
      return { kind: 'blocked', status: 'waiting_for_authorization', text: `The agent needs access to the file ${event.fileAuthError.fileName}.` }
    default:
      return null
  }
}

function describeNotification (toolName: string, { progress, total, _meta }: { progress: number, total: number, _meta: { data: { label: string } } }): string {
  const share = total > 0 ? ` (${progress}/${total})` : ''
  return `${_meta.data.label || toolName}${share}`
}
