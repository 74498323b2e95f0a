import { distance } from 'fastest-levenshtein'
import { normalizeName } from './agents.ts'
import type { DustClient } from './client.ts'
import { DustError } from './errors.ts'
import type { Agent } from './types.ts'

const SUGGESTIONS = 5

/**
 * Finds an agent by its id, or by its name whatever its case and with or without a leading `@`.
 * An agent that isn't listed can be had by its id.
 *
 * @throws {DustError} of kind `not_found` that names similar agents; any other kind when Dust can't tell
 */
export async function findAgent (dust: Pick<DustClient, 'listAgents' | 'getAgent'>, idOrName: string, signal: AbortSignal): Promise<Agent> {
  const agents = await dust.listAgents({ signal })
  const wanted = normalizeName(idOrName)
  const byId = agents.find(({ sId }) => sId === idOrName.trim())
  if (byId !== undefined) return byId

  const [match, ...others] = agents.filter(({ name }) => normalizeName(name) === wanted)
  if (match !== undefined && others.length > 0) throw unknownAgent(idOrName, [match, ...others])
  return match ?? getUnlistedAgent()

  async function getUnlistedAgent (): Promise<Agent> {
    if (!/^[\w-]+$/.test(idOrName)) throw unknownAgent(idOrName, similarTo(wanted, agents))
    try {
      return await dust.getAgent(idOrName, signal)
    } catch (error) {
      if (!(error instanceof DustError) || (error.kind !== 'not_found' && error.kind !== 'forbidden')) throw error
      throw unknownAgent(idOrName, similarTo(wanted, agents), error)
    }
  }
}

function similarTo (wanted: string, agents: readonly Agent[]): Agent[] {
  return agents
    .map((agent) => ({ agent, difference: differenceOf(normalizeName(agent.name), wanted) }))
    .sort((a, b) => a.difference - b.difference)
    .slice(0, SUGGESTIONS)
    .map(({ agent }) => agent)
}

/** 0 for a name that contains the other, else the share of letters to change. */
function differenceOf (name: string, wanted: string): number {
  if (name.includes(wanted) || wanted.includes(name)) return 0
  return distance(name, wanted) / Math.max(name.length, wanted.length)
}

function unknownAgent (idOrName: string, near: readonly Agent[], cause?: unknown): DustError {
  const names = near.map(({ sId, name }) => `${name} (id: ${sId})`).join(', ')
  return new DustError({
    operation: 'get_agent',
    kind: 'not_found',
    message: `No single agent is called "${idOrName.slice(0, 100)}".` +
      (near.length > 0 ? ` Did you mean one of these? ${names}.` : '') +
      ' Use dust_list_agents to see all agents, and pass the id.',
    cause
  })
}
