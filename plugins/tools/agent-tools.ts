import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { nameTools, findRenamed, PREFIX } from '../agent-tools/tool-names.ts'
import { startRefreshing } from '../agent-tools/refreshing.ts'
import type { Agent } from '../../src/dust/types.ts'
import { ErrorCode } from '../../src/mcp/json-rpc.ts'

/** Under this name metrics count all of them: agents come and go, labels must not. */
const GROUP = `${PREFIX}*`

/** Many clients and models take no more tools than this. */
const MANY_TOOLS = 100
const DESCRIPTION_LIMIT_CHARACTERS = 1000
const AGENTS_IN_ERROR = 10

/** Shared by all the tools: it's compiled once. */
const input = Type.Object({
  message: Type.String({ pattern: '\\S', description: 'What to ask.' }),
  conversationId: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Goes on in this conversation; without it a new one is started.' }))
}, { additionalProperties: false })

/** Offers each agent as a tool of its own. */
export default fp(async (fastify) => {
  const { config, conversations, mcp, runs, log, instruments } = fastify
  const { own } = fastify.dust
  if (!config.dust.hasAgentTools || !config.tools.has('agents')) return
  // All callers see the same tools, but with keys of their own they have other agents.
  if (config.dust.hasKeyPassthrough || own === null) return
  let offered = new Map<string, Agent>()

  function offer (agents: readonly Agent[]): void {
    const next = nameTools(agents)
    const before = offered
    if (isSame(before, next)) return
    offered = next
    mcp.change(() => {
      for (const name of before.keys()) mcp.removeTool(name)
      for (const [name, agent] of next) addTool(name, agent)
    }, { isEverywhere: true })
    log[next.size > MANY_TOOLS ? 'warn' : 'info']({ agentTools: next.size }, 'the tools of the agents have changed')
  }

  function addTool (name: string, { sId, name: agentName, description }: Agent): void {
    mcp.addTool({
      name,
      title: agentName,
      description: `${shorten(description) || `Asks the agent ${agentName}.`}\n\nAn AI agent of the Dust workspace, which can take from seconds to many minutes. Returns what dust_ask_agent returns.`,
      input,
      group: GROUP,
      longRunning: true,
      replayable: true,
      annotations: { readOnlyHint: false, destructiveHint: config.dust.skipToolsValidation, idempotentHint: false, openWorldHint: true }
    }, async ({ message, conversationId }, operation) => runs.wait(operation, async () => {
      const agent = { sId, name: agentName }
      return { agent, run: await conversations.ask(operation, agent, { content: message, ...(conversationId === undefined ? {} : { conversationId }) }) }
    }))
  }

  const refreshing = startRefreshing(fastify, own, offer)

  mcp.explainMissingTool(async (name) => {
    if (!name.startsWith(PREFIX)) return undefined
    // After a start, clients know tools that aren't there yet.
    await refreshing.first
    const renamed = findRenamed(name, [...offered.values()])
    const known = [...offered].filter(([, agent]) => renamed === undefined || agent === renamed)
    const list = known.slice(0, AGENTS_IN_ERROR).map(([tool, agent]) => `${tool} (${agent.name})`).join(', ')
    if (renamed !== undefined) return `The agent has another name now: call ${list}.`
    return `There is no tool ${name.slice(0, 64)}, or not any more: its agent was archived, or isn't offered here. ` +
      (known.length === 0 ? 'No agent can be asked now; try again in a minute.' : `These are there: ${list}${known.length > AGENTS_IN_ERROR ? ', ...; dust_list_agents lists all' : ''}.`)
  })

  fastify.addHook('onReady', async () => {
    // An alert can only see a counter rise that was there before.
    instruments.mcp.operationDuration.zero({ mcp_method_name: 'tools/call', gen_ai_tool_name: GROUP, error_type: String(ErrorCode.InternalError) })
  })
}, { name: 'tools-agent-tools', dependencies: ['config', 'conversations', 'metrics', 'store', 'dust', 'mcp', 'runs'] })

function isSame (before: ReadonlyMap<string, Agent>, after: ReadonlyMap<string, Agent>): boolean {
  return before.size === after.size && [...after].every(([tool, { sId, name, description }]) => {
    const agent = before.get(tool)
    return agent?.sId === sId && agent.name === name && agent.description === description
  })
}

function shorten (text: string): string {
  return text.length <= DESCRIPTION_LIMIT_CHARACTERS ? text.trim() : `${text.slice(0, DESCRIPTION_LIMIT_CHARACTERS).trim()}...`
}
