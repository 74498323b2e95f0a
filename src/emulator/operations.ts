/** What a caller can do, by name: faults are aimed with these names, requests are counted under them. */
export const operations = [
  'exists',
  'agents.list',
  'agents.search',
  'agents.get',
  'mentions.suggestions',
  'spaces.list',
  'conversations.create',
  'conversations.list',
  'conversations.get',
  'conversations.update',
  'conversations.redirect',
  'conversations.events',
  'content_fragments.create',
  'messages.create',
  'messages.cancel',
  'messages.retry',
  'messages.feedback',
  'messages.redirect',
  'messages.events',
  'actions.blocked',
  'actions.validate',
  'actions.answer'
] as const

export type Operation = typeof operations[number]

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Set on the routes of the emulated Dust API. */
    dustOperation?: Operation
  }
}
