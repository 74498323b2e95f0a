import { createHash } from 'node:crypto'
import type { Agent } from '../../src/dust/types.ts'

type Named = Pick<Agent, 'sId' | 'name'>

export const PREFIX = 'dust_agent_'

/** With prefix and mark, a name has at most 64 characters, as some clients demand. */
const SLUG_LIMIT = 40
const MARK_LENGTH = 4
/** For the rare case that two agents of the same name have the same short mark. */
const LONG_MARK_LENGTH = 12

/**
 * Names a tool for each agent, by nothing but the agent's own name and id: so it's the same in every process and after every
 * restart, and doesn't change when other agents come or go. The mark at its end stands for the id.
 *
 * @returns the agents by the names of their tools, in alphabetical order of these
 */
export function nameTools<A extends Named> (agents: readonly A[]): Map<string, A> {
  const count = new Map<string, number>()
  for (const agent of agents) count.set(toolName(agent), (count.get(toolName(agent)) ?? 0) + 1)
  const named = agents.map((agent): [string, A] => [toolName(agent, count.get(toolName(agent)) === 1 ? MARK_LENGTH : LONG_MARK_LENGTH), agent])
  return new Map(named.sort(([a], [b]) => a < b ? -1 : 1))
}

/** The agent for which a tool was named before it was called something else. */
export function findRenamed<A extends Named> (tool: string, agents: readonly A[]): A | undefined {
  const [, mark = ''] = /_([0-9a-z]+)$/.exec(tool) ?? []
  return mark.length === MARK_LENGTH || mark.length === LONG_MARK_LENGTH ? agents.find((agent) => markOf(agent, mark.length) === mark) : undefined
}

function toolName (agent: Named, markLength = MARK_LENGTH): string {
  return `${PREFIX}${slugOf(agent.name) || slugOf(agent.sId) || 'agent'}_${markOf(agent, markLength)}`
}

/** Letters without their accents; other alphabets and pictures leave nothing. */
function slugOf (words: string): string {
  const plain = words.normalize('NFKD').replaceAll(/\p{Mark}/gu, '').toLowerCase()
  return plain.replaceAll(/[^a-z0-9]+/g, '_').replace(/^_+/, '').slice(0, SLUG_LIMIT).replace(/_+$/, '')
}

function markOf ({ sId }: Named, length: number): string {
  const bits = createHash('sha256').update(sId).digest().readBigUInt64BE()
  return bits.toString(36).padStart(LONG_MARK_LENGTH + 1, '0').slice(-length)
}
