import type { FetchLike } from '@modelcontextprotocol/sdk/shared/transport.js'
import { createParser } from 'eventsource-parser'
import type { Finding } from './finding.ts'

/** What a client's connections looked like from outside of the SDK. */
export interface Watch {
  /** What the server did wrong on them. */
  faults: Finding[]
  /** How often the stream of a call was taken up again after its connection broke. */
  resumes: number
  /** How often the SDK gave the stream of a call up, because its usual two tries in a row failed. */
  givenUp: number
  /** What was sent and what came back, in words. */
  trace: string[]
}

/** So often the SDK tries to take a stream up again unless it's told otherwise. */
const SDK_TRIES = 2

/** A `fetch` for the SDK's transport that looks at the events that pass. */
export class WatchedFetch {
  #watch: Watch = { faults: [], resumes: 0, givenUp: 0, trace: [] }
  #startedAt = performance.now()
  /** Tries in a row that failed to take a stream up again. */
  readonly #failures = new Map<string, number>()
  /** The streams that answer nothing. */
  readonly #notices = new Set<string>()

  /** From now on everything goes into a new record. */
  begin (): Watch {
    this.#startedAt = performance.now()
    this.#watch = { faults: [], resumes: 0, givenUp: 0, trace: [] }
    return this.#watch
  }

  note (words: string): void {
    this.#watch.trace.push(`${((performance.now() - this.#startedAt) / 1000).toFixed(2)} s  ${words}`)
  }

  fault (kind: Finding['kind'], words: string): void {
    this.#watch.faults.push({ kind, words })
    this.note(words)
  }

  /** To be asked when the SDK has given some stream up: whether it is the one of this event. */
  isGivenUp (eventId: string): boolean {
    if ((this.#failures.get(parse(eventId).stream) ?? 0) < SDK_TRIES) return false
    this.#failures.delete(parse(eventId).stream)
    this.#watch.givenUp++
    return true
  }

  readonly fetch: FetchLike = async (url, init) => {
    const lastEventId = new Headers(init?.headers).get('last-event-id')
    const name = `${init?.method ?? 'GET'}${lastEventId === null ? '' : ` after ${lastEventId}`}`
    const stream = lastEventId === null ? null : parse(lastEventId).stream
    const response = await fetch(url, init).catch((error: unknown) => {
      this.note(`${name}: ${describe(error)}`)
      this.#count(stream, false)
      throw error
    })
    this.#count(stream, response.ok)
    const type = response.headers.get('content-type') ?? 'nothing'
    this.note(`${name}: ${response.status}, ${type}`)
    if (response.body === null || !type.startsWith('text/event-stream')) return response
    if (stream !== null && !this.#notices.has(stream)) this.#watch.resumes++
    return new Response(response.body.pipeThrough(this.#tap(name, lastEventId)), response)
  }

  #count (stream: string | null, isTakenUp: boolean): void {
    if (stream === null) return
    if (isTakenUp) this.#failures.delete(stream)
    else this.#failures.set(stream, (this.#failures.get(stream) ?? 0) + 1)
  }

  #tap (name: string, lastEventId: string | null): TransformStream<Uint8Array, Uint8Array> {
    const decoder = new TextDecoder()
    let last = lastEventId
    const parser = createParser({
      onEvent: ({ id, data }) => {
        this.note(`    ${id ?? 'no id'}${data === '' ? ', empty' : ''}`)
        // What the store could not take can't be come back to.
        if (id === undefined) return
        const steps = last === null ? 1 : stepsBetween(last, id)
        // An event without a message only says where to come back to.
        if (steps < 0 || (steps === 0 && data !== '')) this.fault(steps === 0 ? 'doubled' : 'reordered', `${name}: ${id} came after ${String(last)}`)
        if (name === 'GET') this.#notices.add(parse(id).stream)
        last = id
      }
    })
    return new TransformStream({
      transform: (chunk, controller) => {
        parser.feed(decoder.decode(chunk, { stream: true }))
        controller.enqueue(chunk)
      },
      flush: () => { this.note(`${name}: ended after ${String(last)}`) }
    })
  }
}

/** How far an event is behind another one; negative for an earlier one, and when they aren't two places on one stream. */
function stepsBetween (other: string, id: string): number {
  const [from, to] = [parse(other), parse(id)]
  return from.stream === to.stream && Number.isInteger(from.place) && Number.isInteger(to.place) ? to.place - from.place : -1
}

function parse (id: string): { stream: string, place: number } {
  const dot = id.lastIndexOf('.')
  return { stream: id.slice(0, dot), place: Number(id.slice(dot + 1)) }
}

/** `fetch` hides what went wrong in the cause of its error. */
export function describe (error: unknown): string {
  const { code, cause, message } = Object(error) as { code?: unknown, cause?: unknown, message?: unknown }
  if (cause !== undefined) return describe(cause)
  return typeof code === 'string' ? code : String(message)
}
