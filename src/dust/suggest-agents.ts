import type { Agent } from './types.ts'

/** The agents that somebody may mean who has typed so far: first those whose name or id begins so, then those that contain it. */
export function suggestAgents (agents: readonly Agent[], typed: string): Agent[] {
  const wanted = typed.trim().replace(/^@/, '').toLowerCase()
  const words = (agent: Agent): string[] => [agent.name.toLowerCase(), agent.sId.toLowerCase()]
  const beginning = agents.filter((agent) => words(agent).some((word) => word.startsWith(wanted)))
  const containing = agents.filter((agent) => !beginning.includes(agent) && words(agent).some((word) => word.includes(wanted)))
  return [...beginning, ...containing]
}
