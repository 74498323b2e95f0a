import type { FastifyPluginAsync } from 'fastify'
import { invalidRequest, messageNotFound } from '../errors.ts'
import { rateLimited } from '../faults/request-faults.ts'
import { deliver } from '../wire/message-delivery.ts'
import { conversationPath, eventsQuery, findMessage, findRoom, messagePath, type ConversationPath, type EventsQuery, type MessagePath } from './parameters.ts'

const conversationIdleMs = 180_000

/** Sends readers of events to the other server, with their query. */
export const eventRedirectRoutes: FastifyPluginAsync = async (scope) => {
  for (const [path, dustOperation] of [['/events', 'conversations.redirect'], ['/messages/:mId/events', 'messages.redirect']] as const) {
    scope.get(path, { config: { dustOperation } }, async (request, reply) =>
      reply.redirect(request.url.replace('/api/v1/', '/api/sse/v1/'), 307))
  }
}

/** The event streams themselves. */
export const eventRoutes: FastifyPluginAsync = async (scope) => {
  const { workspace, settings, faults, streams } = scope.emulator

  scope.get<{ Params: MessagePath, Querystring: EventsQuery }>('/messages/:mId/events', {
    config: { dustOperation: 'messages.events' },
    schema: { params: messagePath, querystring: eventsQuery }
  }, async ({ params, query }, reply) => {
    const { message } = findMessage(workspace, params)
    const run = workspace.runs.get(params.mId)
    if (message.type !== 'agent_message' || run === undefined) throw invalidRequest('Events are only available for agent messages.')
    const plan = faults.forConnection(workspace.ordinal(run), ++run.connections)
    if (plan.refusal === 'not_found') throw messageNotFound()
    if (plan.refusal === 'rate_limit') throw rateLimited()
    let unsubscribe = () => {}
    const stream = streams.open(reply, () => unsubscribe())
    unsubscribe = deliver(stream, run.events, {
      lastEventId: query.lastEventId,
      pageSize: plan.pageSize ?? settings.pageSize,
      lifetimeMs: settings.connectionLifetimeMs,
      plan
    })
    return reply
  })

  // Closes without `done`, and only for want of events.
  scope.get<{ Params: ConversationPath, Querystring: EventsQuery }>('/events', {
    config: { dustOperation: 'conversations.events' },
    schema: { params: conversationPath, querystring: eventsQuery }
  }, async ({ params, query }, reply) => {
    const { events } = findRoom(workspace, params)
    let release = () => {}
    const stream = streams.open(reply, () => release())
    const idle = setTimeout(() => stream.end(), conversationIdleMs)
    const unsubscribe = events.subscribe((event) => {
      stream.send(event.frame)
      idle.refresh()
    })
    release = () => {
      clearTimeout(idle)
      unsubscribe()
    }
    stream.handshake()
    for (const event of events.after(query.lastEventId)) stream.send(event.frame)
    return reply
  })
}
