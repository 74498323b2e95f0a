import { cancelledError, unexpectedAnswerError } from './errors.ts'
import { toObject } from './json.ts'
import { readAgent, readAgents } from './read-conversation.ts'
import type { Requester } from './request.ts'
import type { Agent } from './types.ts'

const path = ['assistant', 'agent_configurations']

export async function fetchAgents (requester: Requester): Promise<Agent[]> {
  const answer = await requester.json({ operation: 'list_agents', method: 'GET', path })
  return readAgents(toObject(answer).agentConfigurations).filter(isActive)
}

export async function searchAgents (requester: Requester, query: string, signal?: AbortSignal): Promise<Agent[]> {
  const answer = await requester.json({ operation: 'search_agents', method: 'GET', path: [...path, 'search'], query: { q: query }, signal })
  return readAgents(toObject(answer).agentConfigurations).filter(isActive)
}

export async function getAgent (requester: Requester, agentId: string, signal?: AbortSignal): Promise<Agent> {
  const answer = await requester.json({ operation: 'get_agent', method: 'GET', path: [...path, agentId], signal })
  const agent = readAgent(toObject(answer).agentConfiguration)
  if (agent === null) throw unexpectedAnswerError('get_agent', 'the agent')
  return agent
}

function isActive ({ status }: Agent): boolean {
  return status === 'active'
}

/** Whether an agent is meant by one of these ids and names, whose case doesn't matter; by none of them all are. */
export function isAmong (idsAndNames: readonly string[], { sId, name }: Pick<Agent, 'sId' | 'name'>): boolean {
  return idsAndNames.length === 0 || idsAndNames.some((word) => word === sId || normalizeName(word) === normalizeName(name))
}

export function normalizeName (name: string): string {
  return name.trim().replace(/^@/, '').toLowerCase()
}

export interface AgentDirectory {
  /**
   * @param requester fetches the list, if nobody does already
   * @param isFresh whether it must be fetched anew
   */
  list (requester: Requester, signal?: AbortSignal, isFresh?: boolean): Promise<Agent[]>
}

/**
 * Keeps the list of agents for `ttlMs`: Dust sends all of them, with their instructions, at once.
 * One fetch serves everybody who waits for it; a failure is told to those and then forgotten.
 */
export function createAgentDirectory (fetch: (requester: Requester) => Promise<Agent[]>, ttlMs: number, onRefresh: (agents: Agent[] | null) => void): AgentDirectory {
  let kept: { agents: Agent[], until: number } | null = null
  let underway: Promise<Agent[]> | null = null

  async function refresh (requester: Requester): Promise<Agent[]> {
    try {
      const agents = await fetch(requester)
      kept = { agents, until: performance.now() + ttlMs }
      onRefresh(agents)
      return agents
    } catch (error) {
      onRefresh(null)
      throw error
    } finally {
      underway = null
    }
  }

  return {
    async list (requester, signal, isFresh = false) {
      if (!isFresh && kept !== null && performance.now() < kept.until) return kept.agents
      underway ??= refresh(requester)
      return signal === undefined ? underway : unlessAborted(underway, signal)
    }
  }
}

/** Stops waiting when the signal aborts; what is waited for goes on, for others. */
async function unlessAborted<Value> (awaited: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const abort = () => { reject(cancelledError('list_agents')) }
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([awaited, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
