import { backoffMs, pause } from './backoff.ts'
import { findAgentMessage, getConversation } from './conversations.ts'
import { DustError } from './errors.ts'
import type { MessageRef } from './event-stream.ts'
import type { Requester } from './request.ts'
import type { DustTiming } from './timing.ts'
import type { AgentMessage, AgentMessageEvent } from './types.ts'

/** Failures in a row, without anything learned in between, after which a run is given up. */
export const maxFailures = 10

/** Reads how a run stands, and ended, from its conversation: the truth whenever the event stream can't tell. */
export interface RunEnd {
  /** The message as it is now. */
  read (): Promise<AgentMessage>
  /** Reads again and again, without limit, until the message has ended. */
  poll (): Promise<AgentMessage>
  /** The final message after the event that ended the run. */
  settle (event: AgentMessageEvent): Promise<AgentMessage>
}

export function createRunEnd (requester: Requester, timing: DustTiming, ref: MessageRef, signal: AbortSignal): RunEnd {
  async function read (): Promise<AgentMessage> {
    const conversation = await getConversation(requester, ref.conversationId, { signal })
    const message = findAgentMessage(conversation, ref.messageId)
    if (message !== undefined) return message
    throw new DustError({
      operation: 'get_conversation',
      kind: 'not_found',
      status: 200,
      type: 'message_not_found',
      message: 'The conversation holds no agent message with this id: check the id.'
    })
  }

  /** Reads until the message has ended, or it's `untilMs`; trouble on the way is waited out. */
  async function readAgain (firstDelayMs: number, maxDelayMs: number, untilMs: number): Promise<AgentMessage> {
    let failures = 0
    for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 1.5, maxDelayMs)) {
      try {
        const message = await read()
        if (message.status !== 'created' || performance.now() >= untilMs) return message
        failures = 0
      } catch (error) {
        failures++
        if (!(error instanceof DustError) || !error.retryable) throw error
        if (failures > maxFailures) throw interruptedError(error)
      }
      await pause(failures === 0 ? delayMs : delayMs + backoffMs(failures, timing), signal, 'get_conversation')
    }
  }

  function poll (): Promise<AgentMessage> {
    return readAgain(timing.pollBaseMs, timing.pollMaxMs, Infinity)
  }

  /** The event and the row behind GET aren't written in one step, so the row may lag. */
  function readSettled (): Promise<AgentMessage> {
    return readAgain(timing.settlePollMs, timing.settlePollMs, performance.now() + timing.settleTimeoutMs)
  }

  async function settle (event: AgentMessageEvent): Promise<AgentMessage> {
    switch (event.type) {
      case 'agent_message_success':
      case 'agent_message_gracefully_stopped':
        return ended(event.message, { status: 'succeeded' })
      case 'agent_error':
        return ended(await readSettled(), { status: 'failed', error: event.error })
      case 'agent_generation_cancelled':
        return ended(await readSettled(), { status: 'cancelled' })
      case 'user_message_error':
        try {
          return ended(await readSettled(), { status: 'failed', error: { ...event.error, metadata: null } })
        } catch (error) {
          if (error instanceof DustError && error.kind === 'not_found') throw refusedError(event.error.code)
          throw error
        }
      default:
        return poll()
    }
  }

  return { read, poll, settle }
}

/** When the row still says `created`, the event knows better. */
function ended (message: AgentMessage, otherwise: Partial<AgentMessage>): AgentMessage {
  return message.status === 'created' ? { ...message, ...otherwise } : message
}

/** `cause` is `null` when the connections could be opened but brought nothing. */
export function interruptedError (cause: DustError | null): DustError {
  return new DustError({
    operation: 'stream_events',
    kind: 'stream_interrupted',
    status: cause?.status ?? 0,
    type: cause?.type ?? null,
    retryable: true,
    message: `The answer could not be followed to its end: ${maxFailures} tries in a row brought nothing new. ${cause?.message ?? 'The connections broke.'} The run may go on: look into the conversation.`,
    cause
  })
}

function refusedError (code: string): DustError {
  return new DustError({
    operation: 'stream_events',
    kind: 'bad_request',
    type: code,
    message: `Dust refused the message (${code}) and no agent answers it.`
  })
}
