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
  'retry_message',
  'list_blocked_actions',
  'validate_action',
  'answer_question',
  'stream_events',
  'create_upload',
  'upload_file',
  'read_file',
  'attach_content',
  'list_spaces',
  'list_data_source_views',
  'search_documents',
  'search_nodes'
] as const

export type DustOperation = typeof dustOperations[number]
