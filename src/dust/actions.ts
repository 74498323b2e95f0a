import { DustError } from './errors.ts'
import { toList, toObject } from './json.ts'
import type { DustOperation } from './operations.ts'
import { readWaitingAction } from './read-blocked.ts'
import type { DustRequest, Requester } from './request.ts'
import type { WaitingAction } from './types.ts'

/** A tool call that waits: always the ids of its own event or list entry, because a sub-agent's are those of another conversation. */
export interface ActionRef {
  conversationId: string
  messageId: string
  actionId: string
}

export interface QuestionAnswer {
  /** Positions in the question's list of options, from 0. */
  selectedOptions: number[]
  /** What the person says in their own words. */
  customResponse?: string
}

export async function blockedActions (requester: Requester, conversationId: string, signal?: AbortSignal): Promise<WaitingAction[]> {
  const answer = await requester.json({
    operation: 'list_blocked_actions',
    method: 'GET',
    path: ['assistant', 'conversations', conversationId, 'actions', 'blocked'],
    signal
  })
  return toList(toObject(answer).blockedActions).map(readWaitingAction).filter((action) => action !== null)
}

export async function validateAction (requester: Requester, ref: ActionRef, decision: 'approved' | 'rejected', signal?: AbortSignal): Promise<void> {
  await reply(requester, ref, 'validate-action', {
    operation: 'validate_action',
    body: { actionId: ref.actionId, approved: decision },
    signal
  })
}

export async function answerQuestion (requester: Requester, ref: ActionRef, answer: QuestionAnswer, signal?: AbortSignal): Promise<void> {
  await reply(requester, ref, 'answer-question', {
    operation: 'answer_question',
    body: { actionId: ref.actionId, answer },
    secrets: [answer.customResponse ?? ''],
    signal
  })
}

type Reply = Pick<DustRequest, 'body' | 'secrets' | 'signal'> & { operation: DustOperation }

/** Dust takes one reply for each action and refuses all others, so a reply may be sent twice. */
async function reply (requester: Requester, { conversationId, messageId }: ActionRef, verb: string, call: Reply): Promise<void> {
  const answer = await requester.json({
    ...call,
    method: 'POST',
    path: ['assistant', 'conversations', conversationId, 'messages', messageId, verb],
    isIdempotent: true
  })
  if (toObject(answer).success === true) return
  throw new DustError({
    operation: call.operation,
    kind: 'invalid_response',
    status: 200,
    message: 'Dust did not confirm the reply: list what still waits in the conversation before going on.'
  })
}
