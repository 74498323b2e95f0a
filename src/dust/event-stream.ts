import { createParser } from 'eventsource-parser'
import { DustError, type DustErrorKind } from './errors.ts'
import { isObject, parseJson, toTextOrNull, type JsonObject } from './json.ts'
import type { OpenAnswer, Requester } from './request.ts'

/** Why a connection is over: the server said so, it broke, it was silent for too long, or a frame was too large to hold. */
export type EndReason = 'done' | 'cut' | 'silent' | 'oversized'

export type StreamItem =
  | { kind: 'event', id: string | null, data: JsonObject }
  | { kind: 'end', reason: EndReason }

export interface MessageRef {
  conversationId: string
  messageId: string
}

export interface StreamOptions {
  lastEventId: string | null
  signal: AbortSignal
  attempt: number
  /** How the connection before this one failed, if it brought nothing. */
  retryOf: DustErrorKind | null
  /** Asked before each wait: how long the stream may now go without an event. */
  idleMs: () => number
}

const maxFrameLength = 16 * 1024 * 1024

/**
 * Reads one connection of a message's event stream. The last item is its end; leaving the loop earlier closes the connection.
 * Throws DustError when it can't be opened, and when it is cancelled.
 */
export async function * readStream (requester: Requester, ref: MessageRef, options: StreamOptions): AsyncGenerator<StreamItem, void> {
  const answer = await requester.open({
    operation: 'stream_events',
    method: 'GET',
    path: ['assistant', 'conversations', ref.conversationId, 'messages', ref.messageId, 'events'],
    ...(options.lastEventId !== null && { query: { lastEventId: options.lastEventId } }),
    isStream: true,
    signal: options.signal
  }, options.attempt, options.retryOf ?? undefined)
  let failure: DustError | undefined
  try {
    requireEventStream(answer)
    yield * readItems(answer, options.idleMs)
  } catch (thrown) {
    failure = answer.toError(thrown)
    if (failure.kind === 'cancelled' || failure.kind === 'invalid_response') throw failure
    yield { kind: 'end', reason: 'cut' }
  } finally {
    answer.end(failure)
  }
}

function requireEventStream ({ contentType, status }: OpenAnswer): void {
  if (contentType === '' || contentType.startsWith('text/event-stream')) return
  throw new DustError({
    operation: 'stream_events',
    kind: 'invalid_response',
    status,
    message: `Dust answered ${status} with ${contentType} instead of an event stream: check that no proxy answers in its place.`
  })
}

async function * readItems (answer: OpenAnswer, idleMs: () => number): AsyncGenerator<StreamItem, void> {
  const frames: string[] = []
  let isOversized = false
  const parser = createParser({
    maxBufferSize: maxFrameLength,
    onEvent ({ event, data }) {
      // Named events are the server's own business: `dust-handshake` today.
      if (event === undefined) frames.push(data)
    },
    onError ({ type }) {
      if (type === 'max-buffer-size-exceeded') isOversized = true
    }
  })
  const decoder = new TextDecoder()
  const chunks: AsyncIterator<Buffer> = answer.body[Symbol.asyncIterator]()
  let quietSince = performance.now()

  for (;;) {
    const chunk = await nextChunk(answer, chunks, quietSince + idleMs() - performance.now())
    if (chunk === 'silent') return yield { kind: 'end', reason: 'silent' }
    if (chunk.done) return yield { kind: 'end', reason: 'cut' }
    parser.feed(decoder.decode(chunk.value, { stream: true }))
    for (const frame of frames.splice(0)) {
      if (frame === 'done') return yield { kind: 'end', reason: 'done' }
      const item = readFrame(frame)
      if (item === null) continue
      yield item
      quietSince = performance.now()
    }
    if (isOversized) return yield { kind: 'end', reason: 'oversized' }
  }
}

/** Only events end the silence: a proxy's keep-alive comments say nothing about the run. */
async function nextChunk (answer: OpenAnswer, chunks: AsyncIterator<Buffer>, leftMs: number): Promise<IteratorResult<Buffer> | 'silent'> {
  let isSilent = false
  const timer = setTimeout(() => {
    isSilent = true
    answer.body.destroy()
  }, Math.max(leftMs, 0))
  try {
    const chunk = await chunks.next()
    return isSilent ? 'silent' : chunk
  } catch (error) {
    if (isSilent) return 'silent'
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** A frame that is no event, or not even JSON, is skipped: the next one may be good, and the end is checked anyway. */
function readFrame (frame: string): StreamItem | null {
  const parsed = parseJson(frame)
  if (!isObject(parsed) || !isObject(parsed.data)) return null
  return { kind: 'event', id: toTextOrNull(parsed.eventId), data: parsed.data }
}
