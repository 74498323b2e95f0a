import type { FastifyReply } from 'fastify'
import { EventStream } from './event-stream.ts'

/** The event streams that are open now, so that closing the app can end them. */
export class OpenStreams {
  readonly #streams = new Set<EventStream>()

  /** Takes the reply over from Fastify. `whenClosed` runs once, whoever ends the stream. */
  open (reply: FastifyReply, whenClosed: () => void): EventStream {
    reply.hijack()
    const stream = new EventStream(reply.raw, () => {
      this.#streams.delete(stream)
      whenClosed()
    })
    this.#streams.add(stream)
    return stream
  }

  endAll (): void {
    for (const stream of this.#streams) stream.end()
  }
}
