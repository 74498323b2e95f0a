import type { FastifyReply } from 'fastify'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { StreamKind } from '../plugins/metrics/http.ts'

/** Takes a reply away from the framework and sends the head of an event stream. Whoever calls this owns the response from then on. */
export function startStream (reply: FastifyReply, kind: StreamKind, headers: OutgoingHttpHeaders): ServerResponse {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders())) {
    if (value !== undefined) reply.raw.setHeader(name, value)
  }
  // The head and what is sent at once, such as an event to come back from, arrive together or not at all.
  const { socket } = reply.request.raw
  socket.cork()
  process.nextTick(() => { socket.uncork() })
  reply.raw.writeHead(200, headers)
  reply.raw.flushHeaders()
  reply.server.instruments.streamStarted(reply.raw, kind)
  return reply.raw
}
