import { DustError, type DustErrorKind, type DustOperation } from '../../src/dust/client.ts'
import { dustErrorDetails } from '../../src/dust/errors.ts'
import type { Explanation } from '../../src/mcp/dispatch.ts'

/** Failures that pass by themselves, or that nobody knows the reason of. */
const PASSING: ReadonlySet<DustErrorKind> = new Set(['timeout', 'network', 'server_error', 'stream_interrupted'])
/** Types that say so, although their status speaks of a bad request. */
const PASSING_TYPES: ReadonlySet<string | null> = new Set(['agent_message_error', 'data_source_error'])
/** What would be done twice. */
const WITH_EFFECT: ReadonlySet<DustOperation> = new Set(['create_conversation', 'post_message', 'attach_content', 'retry_message', 'validate_action', 'answer_question'])

/** What went wrong with Dust, and whether to try again, in words for a model; `null` for any other error. */
export function explainDustError (error: unknown): Explanation | null {
  if (!(error instanceof DustError)) return null
  return { message: `${error.message} ${whetherToRetry(error)}`.trim(), details: { dust: dustErrorDetails(error) } }
}

function whetherToRetry ({ kind, type, operation, retryable, wasSent }: DustError): string {
  if (kind === 'cancelled') return ''
  if (retryable || PASSING_TYPES.has(type)) return 'The same call may succeed later.'
  if (!PASSING.has(kind)) return 'The same call would fail again: change it, or have the cause fixed first.'
  return wasSent && WITH_EFFECT.has(operation) ? 'Whether it took effect is unknown: look before you call again.' : 'The same call may succeed later.'
}
