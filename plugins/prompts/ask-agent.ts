import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { findAgent } from '../../src/dust/find-agent.ts'
import { suggestAgents } from '../../src/dust/suggest-agents.ts'

/** A message for people who choose an agent by hand. */
export default fp(async ({ config, dust, mcp }) => {
  if (!config.tools.has('agents')) return

  mcp.addPrompt({
    name: 'ask_agent',
    title: 'Ask a Dust agent',
    description: 'Has an AI agent of the Dust workspace answer a question.',
    input: Type.Object({
      agent: Type.String({ minLength: 1, maxLength: 200, description: 'Name or id of the agent.' }),
      question: Type.String({ pattern: '\\S', description: 'What to ask.' })
    }, { additionalProperties: false }),
    complete: { agent: async (typed, operation) => namesOf(suggestAgents(await dust.for(operation).listAgents({ signal: operation.signal }), typed)) }
  }, async ({ agent: idOrName, question }, operation) => {
    const { sId, name } = await findAgent(dust.for(operation), idOrName, operation.signal)
    return `Ask the Dust agent "${name}" with the tool dust_ask_agent (agent: "${sId}"), and give me its answer. The question:\n\n${question}`
  })
}, { name: 'prompts-ask-agent', dependencies: ['config', 'dust', 'mcp'] })

/** What a person chooses by, where it's enough to tell agents apart. */
function namesOf (agents: ReturnType<typeof suggestAgents>): string[] {
  return agents.map(({ sId, name }) => agents.some((other) => other.sId !== sId && other.name.toLowerCase() === name.toLowerCase()) ? sId : name)
}
