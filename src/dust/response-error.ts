import { adviceOn, keyNames, type KeyOwner } from './advice.ts'
import { DustError, type DustErrorKind } from './errors.ts'
import { parseJson, toCodeOrNull, toObject, toTextOrNull } from './json.ts'
import type { DustOperation } from './operations.ts'

export type { KeyOwner }

/** Limits that waiting a minute doesn't lift, by type or by what the message speaks of. */
const exhaustedTypes = new Set([
  'credits_exhausted', 'group_shared_usage_limit_reached', 'plan_limit_error', 'plan_message_limit_exceeded', 'user_cap_reached'
])
const exhaustedWords = /\b(caps?|capped|credits?|plan)\b/i

const gatewayStatuses = new Set([408, 502, 503, 504])

export interface FailedAnswer {
  operation: DustOperation
  status: number
  contentType: string
  body: string
  /** A request that may be sent twice without harm. */
  isIdempotent: boolean
  /** What must not come back in an error: the API key, the prompt. */
  secrets: string[]
  keyOwner: KeyOwner
}

/** Makes the error of an answer that isn't 2xx. Dust's `error.type` decides; the status only where there is none. */
export function responseError (answer: FailedAnswer): DustError {
  const { operation, status } = answer
  const error = toObject(toObject(parseJson(answer.body)).error)
  const type = toCodeOrNull(error.type)
  const said = toTextOrNull(error.message) ?? ''
  const isExhausted = exhaustedTypes.has(type ?? '') || (isRateLimit(type, status) && exhaustedWords.test(said))
  const kind = isExhausted ? 'rate_limited' : kindOf(type, status)
  return new DustError({
    operation,
    status,
    type,
    kind,
    retryable: !isExhausted && isRetryable(kind, type, answer),
    message: describe(kind, type, isExhausted, quotable(said, answer.secrets), answer)
  })
}

function isRateLimit (type: string | null, status: number): boolean {
  return type === 'rate_limit_error' || (type === null && status === 429)
}

function kindOf (type: string | null, status: number): DustErrorKind {
  if (isRateLimit(type, status)) return 'rate_limited'
  if (type === 'service_unavailable') return 'server_error'
  if (type === 'agent_inaccessible') return 'forbidden'
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'forbidden'
  if (status === 404 || type?.endsWith('_not_found')) return 'not_found'
  if (status === 408) return 'timeout'
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'server_error'
  if (status >= 400) return 'bad_request'
  return 'invalid_response'
}

function isRetryable (kind: DustErrorKind, type: string | null, { status, isIdempotent }: FailedAnswer): boolean {
  // These say that Dust did nothing with the request; a gateway's answer leaves that open.
  const wasRefused = kind === 'rate_limited' || type === 'service_unavailable' || status === 409
  return wasRefused || (isIdempotent && gatewayStatuses.has(status))
}

function describe (kind: DustErrorKind, type: string | null, isExhausted: boolean, said: string, { operation, status, contentType, keyOwner }: FailedAnswer): string {
  if (isExhausted) return `A limit of the Dust workspace or API key is used up (its cap, credits or plan); raise it in Dust's settings.${said}`
  // Whatever keeps the key from answering for somebody comes as one of these, without saying so.
  if (isReply(operation) && (type === 'internal_server_error' || (type === 'workspace_auth_error' && status === 403))) {
    return 'Dust did not take the reply: the message may belong to a member of the workspace, who alone can answer it, in Dust.'
  }
  if (type === 'workspace_auth_error') {
    return status === 401
      ? adviceOn('key_of_another_workspace', keyOwner) ?? ''
      : 'The API key may not use this agent: publish it, or use a key with more rights.'
  }
  const known = type === null ? undefined : adviceOn(type, keyOwner)
  if (known !== undefined) return known
  if (kind === 'rate_limited') return 'Dust limits the rate of requests: try again in a minute.'
  if (type !== null) return `Dust answered ${status} ${type}.${said}${kind === 'unauthorized' ? ` Check ${keyNames[keyOwner]}.` : whatToCheck[kind] ?? ''}`
  if (status >= 300 && status < 400) return `Dust answered ${status}, a redirect to somewhere else: check DUST_BASE_URL.`
  const answered = `Dust answered ${status} with ${contentType || 'no content type'} instead of its JSON error`
  return status >= 500
    ? `${answered}: a proxy in between, or Dust itself, has trouble; try again later.`
    : `${answered}: check that DUST_BASE_URL is the address of Dust and that no proxy answers in its place.`
}

/** What can be said about an error that is known by its kind only. Whether to try again is `retryable`'s to say. */
const whatToCheck: Partial<Record<DustErrorKind, string>> = {
  forbidden: ' The API key may not do this.',
  not_found: ' Check the ids.'
}

function isReply (operation: DustOperation): boolean {
  return operation === 'validate_action' || operation === 'answer_question'
}

/** Dust's own words, unless they repeat a piece of something that must not leave through an error. */
function quotable (said: string, secrets: string[]): string {
  const text = said.slice(0, 300)
  const repeats = secrets.some((secret) => {
    const length = Math.min(secret.length, 12)
    if (length < 4) return false
    for (let start = 0; start + length <= text.length; start++) {
      if (secret.includes(text.slice(start, start + length))) return true
    }
    return false
  })
  return text === '' || repeats ? '' : ` Dust says: ${text}`
}
