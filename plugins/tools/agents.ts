import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { findAgent } from '../../src/dust/find-agent.ts'
import type { Agent } from '../../src/dust/types.ts'

const AgentSummary = Type.Object({
  id: Type.String({ description: 'What dust_ask_agent takes as agent.' }),
  name: Type.String(),
  description: Type.String(),
  scope: Type.String({ description: 'global: comes with Dust; visible or hidden: made in this workspace.' }),
  model: Type.String({ description: 'The language model behind it.' }),
  pictureUrl: Type.String()
})

const readOnly = { readOnlyHint: true, openWorldHint: true }

/** Tools that tell which agents there are. */
export default fp(async (fastify) => {
  const { config, dust, mcp } = fastify
  if (!config.tools.has('agents')) return

  mcp.addTool({
    name: 'dust_list_agents',
    title: 'List Dust agents',
    description: 'Lists the AI agents of the Dust workspace that can be asked with dust_ask_agent: id, name and what each is good at. ' +
      'Use it before asking when you don\'t know which agent fits. With filter, only agents whose name or description contains that text.',
    input: Type.Object({
      filter: Type.Optional(Type.String({ description: 'Text to look for in names and descriptions; case doesn\'t matter.' }))
    }, { additionalProperties: false }),
    output: Type.Object({ agents: Type.Array(AgentSummary) }),
    annotations: readOnly
  }, async ({ filter = '' }, operation) => {
    const wanted = filter.trim().toLowerCase()
    const agents = (await dust.for(operation).listAgents({ signal: operation.signal })).filter(({ name, description }) => `${name}\n${description}`.toLowerCase().includes(wanted))
    return {
      text: agents.length > 0
        ? agents.map(({ sId, name, description }) => `- ${name} (id: ${sId}): ${description}`).join('\n')
        : wanted === '' ? 'The workspace has no active agents.' : 'No agent matches the filter. Call dust_list_agents without one to see all.',
      structured: { agents: agents.map(summarize) }
    }
  })

  mcp.addTool({
    name: 'dust_get_agent',
    title: 'Describe a Dust agent',
    description: 'Describes one AI agent of the Dust workspace: its purpose, model and how many steps it may take. Use dust_list_agents to find agents.',
    input: Type.Object({
      agent: Type.String({ minLength: 1, maxLength: 200, description: 'Id or name of the agent.' })
    }, { additionalProperties: false }),
    output: Type.Object({ ...AgentSummary.properties, status: Type.String(), maxStepsPerRun: Type.Integer() }),
    annotations: readOnly
  }, async ({ agent: idOrName }, operation) => {
    const agent = await findAgent(dust.for(operation), idOrName, operation.signal)
    const structured = { ...summarize(agent), status: agent.status, maxStepsPerRun: agent.maxStepsPerRun }
    return {
      text: `${agent.name} (id: ${agent.sId}, ${agent.status}): ${agent.description}\nModel: ${structured.model}. At most ${agent.maxStepsPerRun} steps per run.`,
      structured
    }
  })
}, { name: 'tools-agents', dependencies: ['config', 'dust', 'mcp'] })

function summarize ({ sId, name, description, scope, model, pictureUrl }: Agent) {
  return { id: sId, name, description, scope, model: `${model.providerId}/${model.modelId}`, pictureUrl }
}
