/**
 * The shapes of the Dust public API that this project reads, as sent over the wire.
 * Dust adds fields, enum values and event types without notice: only what is read is listed, and readers ignore the rest.
 * Times are milliseconds since the epoch. Every `sId` is the public identifier; the numeric `id` never goes into a URL.
 *
 * @see https://docs.dust.tt/reference
 */

export interface Agent {
  id: number
  sId: string
  version: number
  versionCreatedAt: string | null
  versionAuthorId: number | null
  name: string
  description: string
  instructions: string | null
  pictureUrl: string
  /** Only `active` agents can be asked. */
  status: string
  /** `global` comes with Dust, `visible` and `hidden` were made in the workspace. */
  scope: string
  model: { providerId: string, modelId: string, temperature: number }
  userFavorite: boolean
  maxStepsPerRun: number
  templateId: string | null
}

export interface Workspace {
  id: number
  sId: string
  name: string
  role: string
  segmentation: string | null
  whiteListedProviders: string[] | null
  defaultEmbeddingProvider: string | null
}

export interface MessageContext {
  username: string
  /** IANA name, for example `Europe/Paris`. */
  timezone: string
  origin?: string | null
  fullName?: string | null
  email?: string | null
  profilePictureUrl?: string | null
}

export interface UserMessage {
  id: number
  sId: string
  created: number
  type: 'user_message'
  visibility: string
  version: number
  /** `null` for messages posted with an API key. */
  user: object | null
  mentions: Array<{ configurationId: string }>
  content: string
  context: MessageContext
}

/** `created` means still running. */
export type AgentMessageStatus = 'created' | 'succeeded' | 'failed' | 'cancelled'

export interface ErrorDetail {
  code: string
  message: string
  metadata: Record<string, unknown> | null
}

export interface AgentMessage {
  id: number
  agentMessageId: number
  sId: string
  created: number
  type: 'agent_message'
  visibility: string
  version: number
  /** `sId` of the user message that this one answers. */
  parentMessageId: string | null
  parentAgentMessageId: string | null
  configuration: Agent
  status: AgentMessageStatus
  /** The answer; `null` until the run has ended. */
  content: string | null
  chainOfThought: string | null
  rawContents: Array<{ step: number, content: string }>
  actions: AgentAction[]
  error: ErrorDetail | null
}

/** One tool call of an agent. */
export interface AgentAction {
  id: number
  sId: string
  createdAt: number
  updatedAt: number
  mcpServerId: string | null
  internalMCPServerName: string | null
  toolName: string
  functionCallName: string
  functionCallId: string
  agentMessageId: number
  /** running, succeeded, errored, denied, ready_allowed_*, blocked_* */
  status: string
  params: Record<string, unknown>
  step: number
  executionDurationMs: number | null
  citationsAllocated: number
  output: object[] | null
  /** With an id, or with a path in the folder of the conversation. A hidden one is the agent's own business. */
  generatedFiles: Array<{ fileId: string | null, title: string, contentType: string, snippet: string | null, filePath?: string, hidden?: boolean }>
  displayLabels: { running: string, done: string } | null
}

/** What was attached to a conversation. */
export interface ContentFragment {
  type: 'content_fragment'
  sId: string
  title: string
  contentType: string
  /** `file`, also for a text; `content_node` for what is in a data source. */
  contentFragmentType: string
  fileId?: string | null
  nodeId?: string | null
  nodeDataSourceViewId?: string | null
  /** Why it can't be read any more; `null` while it can. */
  expiredReason: string | null
}

export interface Conversation {
  id: number
  sId: string
  created: number
  updated?: number
  title: string | null
  unread: boolean
  actionRequired: boolean
  visibility: string
  owner: Workspace
  /** Where a person reads the conversation. */
  url: string
  /** Outer list: messages in order. Inner list: the versions of one message, the last one current; empty after a compaction. */
  content: Array<Array<UserMessage | AgentMessage | ContentFragment>>
}

/** A tool call that waits for a person. Its ids may belong to a sub-agent's conversation, not to the one being read. */
export interface BlockedAction {
  messageId: string
  conversationId: string
  actionId: string
  inputs: Record<string, unknown>
  stake?: string
  metadata: { toolName: string, mcpServerName: string, agentName?: string, mcpServerDisplayName?: string, mcpServerId?: string }
  argumentsRequiringApproval?: string[]
  approvalArgsLabel?: string
}

/** A tool call that waits, as the list of them tells. */
export interface WaitingAction extends BlockedAction {
  /** blocked_validation_required, blocked_user_answer_required, blocked_authentication_required, blocked_file_authorization_required, blocked_child_action_input_required */
  status: string
  /** What is asked, when an answer is what it waits for. */
  question?: UserQuestion
}

export interface UserQuestion {
  question: string
  options: Array<{ label: string, description: string | null }>
  multiSelect: boolean
}

interface MessageEvent {
  created: number
  configurationId: string
  messageId: string
  step?: number
}

interface BlockingEvent extends MessageEvent, Omit<BlockedAction, 'messageId'> {
  userId?: string
  isLastBlockingEventForStep?: boolean
}

/** What a message's event stream carries inside `data`. Types that are not listed are ignored. */
export type AgentMessageEvent =
  | MessageEvent & { type: 'generation_tokens', text: string, classification: 'tokens' | 'chain_of_thought' | 'opening_delimiter' | 'closing_delimiter' }
  | MessageEvent & { type: 'tool_call_started', toolName: string, toolCallId?: string, toolCallIndex?: number }
  | MessageEvent & { type: 'tool_params', action: AgentAction }
  | MessageEvent & {
    type: 'tool_notification'
    action: AgentAction
    notification: { progress: number, total: number, _meta: { data: { label: string, output?: object } } }
  }
  | MessageEvent & { type: 'agent_action_success', action: AgentAction }
  | BlockingEvent & { type: 'tool_approve_execution' }
  | BlockingEvent & { type: 'tool_ask_user_question', question: UserQuestion }
  | BlockingEvent & { type: 'tool_personal_auth_required', authError: { mcpServerId: string, message: string, provider: string, scope?: string, toolName: string } }
  | BlockingEvent & { type: 'tool_file_auth_required', fileAuthError: { fileId: string, fileName: string, connectionId: string, mimeType: string, toolName: string, message: string } }
  | MessageEvent & { type: 'tool_error', error: ErrorDetail }
  | MessageEvent & { type: 'agent_context_pruned' }
  | MessageEvent & { type: 'agent_message_success', message: AgentMessage, runIds: string[] }
  | MessageEvent & { type: 'agent_message_gracefully_stopped', message: AgentMessage, runIds: string[] }
  | MessageEvent & { type: 'agent_error', error: ErrorDetail, runIds?: string[] }
  | MessageEvent & { type: 'agent_generation_cancelled' }
  | { type: 'user_message_error', created: number, error: { code: string, message: string } }
