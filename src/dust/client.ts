import { answerQuestion, blockedActions, validateAction, type ActionRef, type QuestionAnswer } from './actions.ts'
import { createAgentDirectory, fetchAgents, getAgent, isAmong, searchAgents } from './agents.ts'
import { attach, type Attachment } from './attachments.ts'
import { createConnections, type Connections } from './connections.ts'
import { cancelMessages, getConversation, retryMessage, startRun } from './conversations.ts'
import { closedAgentError } from './errors.ts'
import type { MessageRef } from './event-stream.ts'
import type { NewFile, UploadedFile } from './file-rules.ts'
import { readFile, uploadFile, type FileContent, type FileSource } from './files.ts'
import { listDataSourceViews, listSpaces, searchDocuments, searchNodes, type DocumentSearch, type NodeSearch } from './knowledge.ts'
import type { DataSourceView, FoundDocument, NodePage, Space } from './knowledge-types.ts'
import { messageEvents } from './message-events.ts'
import { createRequester, type AttemptWatch, type RequestObservation, type Requester, type WatchAttempt } from './request.ts'
import type { KeyOwner } from './response-error.ts'
import type { Run, RunEvent, RunInput } from './run.ts'
import { defaultTiming, type DustTiming } from './timing.ts'
import type { Agent, ContentFragment, Conversation, WaitingAction } from './types.ts'
import { checkWorkspace } from './workspace.ts'

export { DustError, dustErrorKinds, type DustErrorKind } from './errors.ts'
export { dustOperations, type DustOperation } from './operations.ts'
export { isAcceptedType, largestFile } from './file-rules.ts'
export { createConnections } from './connections.ts'
export { DustCredential, KEY_HEADER, WORKSPACE_HEADER } from './credential.ts'
export { generatedFiles, type GeneratedFile } from './generated-files.ts'
export type { ContentNode, DataSource, DataSourceView, FoundDocument, NodePage, Space } from './knowledge-types.ts'
export type {
  ActionRef, Attachment, AttemptWatch, Connections, DocumentSearch, DustTiming, FileContent, FileSource, MessageRef, NewFile, NodeSearch, QuestionAnswer, RequestObservation, Run, RunEvent, RunInput, UploadedFile, WatchAttempt
}

export interface DustClientOptions {
  /** Origin, for example `https://dust.tt`; a path is ignored. */
  baseUrl: string
  workspaceId: string
  apiKey: string
  /** Whom errors tell to look at the key: by default the operator of the server. */
  keyOwner?: KeyOwner
  /** Shared with other clients, and closed by whoever made them; without any the client has its own. */
  connections?: Connections
  /** Under this name the questions appear in Dust. */
  username: string
  /** IANA name, for example `Europe/Paris`. */
  timezone: string
  /** Lets agents run every tool without asking anybody. */
  skipToolsValidation?: boolean
  /** Ids and names of the agents that are open to callers; all when there are none. */
  agents?: readonly string[]
  /** How long the list of agents is kept, in milliseconds; by default a minute. */
  agentsTtlMs?: number
  timing?: Partial<DustTiming>
  /** Called once for every attempt of a request when it ended. Must not throw. */
  onRequest?: (observation: RequestObservation) => void
  /** Called whenever the list of agents was fetched anew, or, with `null`, couldn't be. Must not throw. */
  onAgentsRefresh?: (agents: Agent[] | null) => void
}

/**
 * A workspace of the Dust API. Every function throws DustError, and nothing else, when the call fails;
 * an aborted signal makes it one of kind `cancelled`.
 *
 * @see https://docs.dust.tt/reference
 */
export interface DustClient {
  readonly workspaceId: string
  /** The same client, whose requests somebody follows. */
  watchedBy (watchAttempt: WatchAttempt): DustClient
  /** Resolves when the workspace exists and the API key opens it; costs Dust next to nothing. */
  checkWorkspace (signal?: AbortSignal): Promise<void>
  /** The active agents, from a list that is kept for `agentsTtlMs`, or fetched anew. */
  listAgents (options?: { signal?: AbortSignal, isFresh?: boolean }): Promise<Agent[]>
  /** The active agents whose name matches, always asked anew. */
  searchAgents (query: string, signal?: AbortSignal): Promise<Agent[]>
  getAgent (agentId: string, signal?: AbortSignal): Promise<Agent>
  /** Whether an agent is open to callers. */
  isOpen (agent: Pick<Agent, 'sId' | 'name'>): boolean
  /**
   * Asks an agent, in a new conversation or in the given one. Resolves as soon as the run has begun: follow it with `messageEvents`.
   * The message is sent once; only when it certainly never left is it tried again.
   */
  startRun (input: RunInput, signal?: AbortSignal): Promise<Run>
  /** The conversation with all its messages, or with the last `limit`. */
  getConversation (conversationId: string, options?: { limit?: number, signal?: AbortSignal }): Promise<Conversation>
  /** Asks Dust to stop these agent messages; their streams tell when they did. */
  cancel (conversationId: string, messageIds: string[]): Promise<void>
  /**
   * Runs the agent of this message again, as a new version of it: follow the run that is returned, its `messageId` is a new one.
   * `blockedOnly` repeats only what was blocked. Like a message, it's sent once.
   */
  retryMessage (ref: MessageRef, options?: { blockedOnly?: boolean, signal?: AbortSignal }): Promise<Run>
  /**
   * The tool calls of this conversation, and of those that its agents started, that wait for a person. They wait without limit,
   * longer than the event stream remembers them.
   */
  blockedActions (conversationId: string, signal?: AbortSignal): Promise<WaitingAction[]>
  /**
   * Lets a waiting tool run, or not; the run goes on in the same event stream. Type `action_not_blocked` says that it was answered
   * before, `action_not_found` that no such call waits.
   */
  validateAction (ref: ActionRef, decision: 'approved' | 'rejected', signal?: AbortSignal): Promise<void>
  /** Answers the question of an agent; fails like `validateAction`. */
  answerQuestion (ref: ActionRef, answer: QuestionAnswer, signal?: AbortSignal): Promise<void>
  /**
   * The events of an agent message, each once and in order, whatever happens to the connections; the last one is `run_completed`.
   * `lastEventId` resumes after that event. Leaving the loop closes the connection; it doesn't stop the run.
   */
  messageEvents (ref: MessageRef, options?: { signal?: AbortSignal, lastEventId?: string }): AsyncIterable<RunEvent>
  /** Attaches to a conversation what the next message's agent shall read. Sent once, like a message. A text has at most 512 KiB. */
  attach (conversationId: string, attachment: Attachment, signal?: AbortSignal): Promise<ContentFragment>
  /**
   * Uploads a file, to be attached by its `sId`. A type, size or name that Dust doesn't take is refused before anything is sent,
   * an upload address that isn't Dust's own before the file and the key are. Beginning again after a failure does no harm.
   */
  uploadFile (file: NewFile, signal?: AbortSignal): Promise<UploadedFile>
  /** Reads a file whole; one of more than `maxBytes` (25 MiB unless told) is refused with the type `file_too_large`. */
  readFile (source: FileSource, options?: { maxBytes?: number, signal?: AbortSignal }): Promise<FileContent>
  /** The spaces that the key opens; of the kinds system, global and regular unless told. */
  listSpaces (options?: { kinds?: string[], signal?: AbortSignal }): Promise<Space[]>
  listDataSourceViews (spaceId: string, signal?: AbortSignal): Promise<DataSourceView[]>
  /** The documents of one view in which something is said about the query, by its meaning. */
  searchDocuments (search: DocumentSearch, signal?: AbortSignal): Promise<FoundDocument[]>
  /** Documents, tables and folders of the workspace by their title or their id, page by page. An empty list of spaces finds nothing. */
  searchNodes (search: NodeSearch, signal?: AbortSignal): Promise<NodePage>
  /** Ends everything that is underway, as cancelled, and closes all connections; does nothing to shared ones. */
  close (): Promise<void>
}

/** Makes a client of one workspace; no request is sent yet. Throws a TypeError when `baseUrl` is no URL. */
export function createDustClient (options: DustClientOptions): DustClient {
  const { workspaceId, username, timezone, skipToolsValidation } = options
  const timing = { ...defaultTiming, ...options.timing }
  const connections = options.connections ?? createConnections(timing)
  const isOpen = (agent: Pick<Agent, 'sId' | 'name'>): boolean => isAmong(options.agents ?? [], agent)
  const directory = createAgentDirectory(async (requester) => (await fetchAgents(requester)).filter(isOpen), options.agentsTtlMs ?? 60_000, options.onAgentsRefresh ?? (() => {}))
  const ask = { context: { username, timezone, origin: 'api' }, skipToolsValidation }

  return offer(createRequester({
    origin: new URL(options.baseUrl).origin,
    workspaceId,
    apiKey: options.apiKey,
    keyOwner: options.keyOwner ?? 'server',
    connections,
    timing,
    onRequest: options.onRequest ?? (() => {})
  }))

  function offer (requester: Requester): DustClient {
    return {
      workspaceId,
      watchedBy: (watchAttempt) => offer(requester.watchedBy(watchAttempt)),
      checkWorkspace: (signal) => checkWorkspace(requester, signal),
      listAgents: ({ signal, isFresh } = {}) => directory.list(requester, signal, isFresh),
      searchAgents: async (query, signal) => (await searchAgents(requester, query, signal)).filter(isOpen),
      getAgent: async (agentId, signal) => {
        const agent = await getAgent(requester, agentId, signal)
        if (!isOpen(agent)) throw closedAgentError()
        return agent
      },
      isOpen,
      startRun: (input, signal) => startRun(requester, input, ask, signal),
      getConversation: (conversationId, options) => getConversation(requester, conversationId, options),
      cancel: (conversationId, messageIds) => cancelMessages(requester, conversationId, messageIds),
      retryMessage: (ref, options) => retryMessage(requester, ref, options),
      blockedActions: (conversationId, signal) => blockedActions(requester, conversationId, signal),
      validateAction: (ref, decision, signal) => validateAction(requester, ref, decision, signal),
      answerQuestion: (ref, answer, signal) => answerQuestion(requester, ref, answer, signal),
      messageEvents: (ref, options) => messageEvents(requester, timing, ref, options),
      attach: (conversationId, attachment, signal) => attach(requester, conversationId, attachment, signal),
      uploadFile: (file, signal) => uploadFile(requester, file, signal),
      readFile: (source, options) => readFile(requester, source, options),
      listSpaces: ({ kinds, signal } = {}) => listSpaces(requester, kinds, signal),
      listDataSourceViews: (spaceId, signal) => listDataSourceViews(requester, spaceId, signal),
      searchDocuments: (search, signal) => searchDocuments(requester, search, signal),
      searchNodes: (search, signal) => searchNodes(requester, search, signal),
      close: async () => { if (options.connections === undefined) await connections.close() }
    }
  }
}
