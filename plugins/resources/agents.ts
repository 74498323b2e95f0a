import fp from 'fastify-plugin'
import type { Agent } from '../../src/dust/types.ts'
import { suggestAgents } from '../../src/dust/suggest-agents.ts'
import { orNull } from '../../src/dust/or-null.ts'
import { AGENT_URI, AGENTS_URI, uriOfAgent } from '../../src/resource-uris.ts'

/** Agents to read about, for clients that show resources. */
export default fp(async ({ config, dust, mcp }) => {
  if (!config.tools.has('agents')) return

  mcp.addResource({
    uri: AGENTS_URI,
    name: 'agents',
    title: 'Dust agents',
    description: 'The AI agents of the Dust workspace that can be asked, and what each is good at.',
    mimeType: 'text/markdown'
  }, async (operation) => {
    const agents = await dust.for(operation).listAgents({ signal: operation.signal })
    return { text: ['# Dust agents', ...agents.map((agent) => `- [${agent.name}](${uriOfAgent(agent.sId)}): ${agent.description}`)].join('\n') }
  })

  mcp.addResourceTemplate({
    uriTemplate: AGENT_URI,
    name: 'agent',
    title: 'Dust agent',
    description: 'One AI agent of the Dust workspace: its purpose and model, and how to ask it.',
    mimeType: 'text/markdown',
    complete: { id: async (typed, operation) => suggestAgents(await dust.for(operation).listAgents({ signal: operation.signal }), typed).map(({ sId }) => sId) }
  }, async ({ id = '' }, operation) => {
    const { signal } = operation
    const workspace = dust.for(operation)
    const agent = (await workspace.listAgents({ signal })).find(({ sId }) => sId === id) ?? await orNull(() => workspace.getAgent(id, signal))
    return agent === null ? null : { text: describe(agent) }
  })
}, { name: 'resources-agents', dependencies: ['config', 'dust', 'mcp'] })

function describe ({ sId, name, description, status, model, maxStepsPerRun }: Agent): string {
  return [
    `# ${name}`,
    description,
    `Model: ${model.providerId}/${model.modelId}. At most ${maxStepsPerRun} steps per run.`,
    status === 'active' ? `Ask it with dust_ask_agent, as "${sId}".` : `It can't be asked: its status is ${status}.`
  ].join('\n\n')
}
