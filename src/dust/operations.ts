/** Every call to the Dust API that this client can make: a closed set, fit for a metric's label. */
export const dustOperations = [
  'check_workspace',
  'list_agents',
  'search_agents',
  'get_agent',
  'create_conversation',
  'post_message',
  'get_conversation',
  'cancel_message',
  'stream_events'
] as const

export type DustOperation = typeof dustOperations[number]
