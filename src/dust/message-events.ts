import { backoffMs, pause } from './backoff.ts'
import { cancelledError, DustError, type DustErrorKind } from './errors.ts'
import { isNewer } from './event-id.ts'
import { readStream, type EndReason, type MessageRef } from './event-stream.ts'
import { toObject, type JsonObject } from './json.ts'
import { readEvent } from './read-event.ts'
import type { Requester } from './request.ts'
import type { RunEvent } from './run.ts'
import { createRunEnd, interruptedError, maxFailures } from './run-end.ts'
import { openScope } from './scope.ts'
import type { DustTiming } from './timing.ts'
import type { AgentMessage, AgentMessageEvent } from './types.ts'

/** A stream may be 404 for a moment after its message was made; after this many retries it's taken for unavailable. */
const maxMissing = 3
/** Connections in a row without news, after which it's worth asking whether the run has ended meanwhile. */
const failuresBeforeReading = 3

const terminalTypes = new Set<unknown>([
  'agent_message_success', 'agent_message_gracefully_stopped', 'agent_error', 'agent_generation_cancelled', 'user_message_error'
])

/** What is remembered from one connection to the next. The counters go back to 0 with each new event. */
interface Progress {
  lastEventId: string | null
  connections: number
  failures: number
  silences: number
  missing: number
  hasToolFailed: boolean
  /** How the last connection failed; `null` when it brought something. */
  retryOf: DustErrorKind | null
}

/** How one connection ended. */
interface Outcome {
  reason: EndReason | 'terminal' | 'failed'
  hasNews: boolean
  /** The event that ended the run; `null` when it could not be read. */
  final: AgentMessageEvent | null
  failure: DustError | null
}

/**
 * Follows one agent message to its end, over as many connections as it takes: each event once, in order,
 * then `run_completed` with the final message. Throws DustError.
 */
export async function * messageEvents (
  requester: Requester,
  timing: DustTiming,
  ref: MessageRef,
  options: { signal?: AbortSignal, lastEventId?: string } = {}
): AsyncGenerator<RunEvent, void> {
  const scope = openScope(options.signal, requester.closing)
  const end = createRunEnd(requester, timing, ref, scope.signal)
  const progress: Progress = { lastEventId: options.lastEventId ?? null, connections: 0, failures: 0, silences: 0, missing: 0, hasToolFailed: false, retryOf: null }
  try {
    for (;;) {
      const openedAt = performance.now()
      const { reason, hasNews, final, failure } = yield * readConnection(requester, timing, ref, progress, scope.signal)
      if (reason === 'terminal') return yield completed(final === null ? await end.poll() : await end.settle(final))
      if (!hasNews) progress.retryOf = failure?.kind ?? 'stream_interrupted'
      if (failure?.kind === 'not_found') progress.missing++
      if (reason === 'oversized' || progress.missing > maxMissing) return yield completed(await end.poll())
      if (reason === 'done' && hasNews) continue

      // A connection that held out as long as the shortest silence and brought nothing is a quiet run, not a fault.
      const wasQuiet = reason === 'silent' || (reason !== 'failed' && performance.now() - openedAt >= idleMs(timing, 0))
      if (!wasQuiet) progress.failures++
      else if (!progress.hasToolFailed) progress.silences++
      progress.hasToolFailed = false

      if (progress.failures > maxFailures) throw interruptedError(failure)
      if (wasQuiet || (progress.failures >= failuresBeforeReading && failure?.kind !== 'not_found')) {
        const message = await readIfPossible(() => end.read())
        if (message !== null && message.status !== 'created') return yield completed(message)
        // A quiet run is alive as long as its conversation can be read.
        if (wasQuiet) progress.failures = message === null ? progress.failures + 1 : 0
      }
      if (reason !== 'silent') await pause(backoffMs(progress.failures, timing), scope.signal, 'stream_events')
    }
  } finally {
    scope.release()
  }
}

async function * readConnection (requester: Requester, timing: DustTiming, ref: MessageRef, progress: Progress, signal: AbortSignal): AsyncGenerator<RunEvent, Outcome> {
  const outcome: Outcome = { reason: 'cut', hasNews: false, final: null, failure: null }
  const items = readStream(requester, ref, {
    lastEventId: progress.lastEventId,
    signal,
    attempt: ++progress.connections,
    retryOf: progress.retryOf,
    idleMs: () => progress.hasToolFailed ? timing.idleAfterToolErrorMs : idleMs(timing, progress.silences)
  })
  try {
    for await (const item of items) {
      if (item.kind === 'end') return { ...outcome, reason: item.reason }
      if (!isNewer(item.id, progress.lastEventId)) continue
      if (item.id !== null) {
        Object.assign(progress, { lastEventId: item.id, connections: 0, failures: 0, silences: 0, missing: 0, retryOf: null })
        outcome.hasNews = true
      }
      progress.hasToolFailed = item.data.type === 'tool_error'
      const event = readEvent(item.data)
      if (event !== null) yield { id: item.id, event }
      if (signal.aborted) throw cancelledError('stream_events')
      if (isTerminal(item.data)) return { ...outcome, reason: 'terminal', final: event }
    }
    return outcome
  } catch (error) {
    if (!(error instanceof DustError) || isFatal(error)) throw error
    return { ...outcome, reason: 'failed', failure: error }
  }
}

function idleMs ({ idleMs: schedule }: DustTiming, silences: number): number {
  return schedule[silences] ?? schedule.at(-1) ?? 0
}

/** `end-of-stream` is what the replayed history of an ended message closes with: the conversation knows how it ended. */
function isTerminal (data: JsonObject): boolean {
  if (data.type === 'end-of-stream') return true
  // This one only asks for leave to go on.
  if (data.type === 'agent_error' && toObject(data.error).code === 'credit_approval_required') return false
  return terminalTypes.has(data.type)
}

/** Failures that another try can't mend. A stream that is missing or full of trouble is tried again. */
function isFatal ({ kind, status, retryable }: DustError): boolean {
  if (kind === 'invalid_response') return status >= 300 && status < 400
  if (kind === 'rate_limited' || kind === 'network') return !retryable
  return kind === 'cancelled' || kind === 'unauthorized' || kind === 'forbidden' || kind === 'bad_request'
}

/** The conversation while its stream is in trouble: `null` when it is in trouble, too. */
async function readIfPossible (read: () => Promise<AgentMessage>): Promise<AgentMessage | null> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof DustError && error.retryable) return null
    throw error
  }
}

function completed (message: AgentMessage): RunEvent {
  return { id: null, event: { type: 'run_completed', message } }
}
