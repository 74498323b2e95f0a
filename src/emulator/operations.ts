/** What a caller can do, by name: faults are aimed with these names, requests are counted under them. */
export const operations = [
  'exists',
  'agents.list',
  'agents.search',
  'agents.get',
  'mentions.suggestions',
  'spaces.list',
  'data_source_views.list',
  'data_source_views.search',
  'data_sources.search',
  'nodes.search',
  'nodes.stream',
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
  'files.create',
  'files.upload',
  'files.read',
  'files.delete',
  'folder_files.read',
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
