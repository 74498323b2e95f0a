import { createAgentDirectory, fetchAgents, getAgent, searchAgents } from './agents.ts'
import { cancelMessages, getConversation, startRun } from './conversations.ts'
import { messageEvents } from './message-events.ts'
import { createRequester, type RequestObservation } from './request.ts'
import type { Run, RunEvent, RunInput } from './run.ts'
import { defaultTiming, type DustTiming } from './timing.ts'
import type { Agent, Conversation } from './types.ts'
import { checkWorkspace } from './workspace.ts'

export { DustError, dustErrorKinds, type DustErrorKind } from './errors.ts'
export { dustOperations, type DustOperation } from './operations.ts'
export type { DustTiming, RequestObservation, Run, RunEvent, RunInput }

export interface DustClientOptions {
  /** Origin, for example `https://dust.tt`; a path is ignored. */
  baseUrl: string
  workspaceId: string
  apiKey: string
  /** Under this name the questions appear in Dust. */
  username: string
  /** IANA name, for example `Europe/Paris`. */
  timezone: string
  /** Lets agents run every tool without asking anybody. */
  skipToolsValidation?: boolean
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
  /** Resolves when the workspace exists and the API key opens it; costs Dust next to nothing. */
  checkWorkspace (signal?: AbortSignal): Promise<void>
  /** The active agents, from a list that is kept for `agentsTtlMs`. */
  listAgents (options?: { signal?: AbortSignal }): Promise<Agent[]>
  /** The active agents whose name matches, always asked anew. */
  searchAgents (query: string, signal?: AbortSignal): Promise<Agent[]>
  getAgent (agentId: string, signal?: AbortSignal): Promise<Agent>
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
   * The events of an agent message, each once and in order, whatever happens to the connections; the last one is `run_completed`.
   * `lastEventId` resumes after that event. Leaving the loop closes the connection; it doesn't stop the run.
   */
  messageEvents (ref: { conversationId: string, messageId: string }, options?: { signal?: AbortSignal, lastEventId?: string }): AsyncIterable<RunEvent>
  /** Ends everything that is underway, as cancelled, and closes all connections. */
  close (): Promise<void>
}

/** Makes a client of one workspace; no request is sent yet. Throws a TypeError when `baseUrl` is no URL. */
export function createDustClient (options: DustClientOptions): DustClient {
  const { workspaceId, username, timezone, skipToolsValidation } = options
  const timing = { ...defaultTiming, ...options.timing }
  const requester = createRequester({
    origin: new URL(options.baseUrl).origin,
    workspaceId,
    apiKey: options.apiKey,
    timing,
    onRequest: options.onRequest ?? (() => {})
  })
  const directory = createAgentDirectory(() => fetchAgents(requester), options.agentsTtlMs ?? 60_000, options.onAgentsRefresh ?? (() => {}))
  const ask = { context: { username, timezone, origin: 'api' }, skipToolsValidation }

  return {
    workspaceId,
    checkWorkspace: (signal) => checkWorkspace(requester, signal),
    listAgents: ({ signal } = {}) => directory.list(signal),
    searchAgents: (query, signal) => searchAgents(requester, query, signal),
    getAgent: (agentId, signal) => getAgent(requester, agentId, signal),
    startRun: (input, signal) => startRun(requester, input, ask, signal),
    getConversation: (conversationId, options) => getConversation(requester, conversationId, options),
    cancel: (conversationId, messageIds) => cancelMessages(requester, conversationId, messageIds),
    messageEvents: (ref, options) => messageEvents(requester, timing, ref, options),
    close: () => requester.close()
  }
}
