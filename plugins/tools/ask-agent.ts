import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { findAgent } from '../../src/dust/find-agent.ts'
import { ToolError } from '../../src/mcp/operation.ts'
import { AttachmentInput, toAttachment } from '../conversations/attachments.ts'
import { Answer } from '../runs/answer.ts'

/** The tool that asks an agent and stays with it until it has answered. */
export default fp(async ({ config, conversations, dust, mcp, runs }) => {
  if (!config.tools.has('agents')) return
  mcp.addTool({
    name: 'dust_ask_agent',
    title: 'Ask a Dust agent',
    description: 'Sends a message to an AI agent of the Dust workspace and waits for its answer, which can take from seconds to many minutes; ' +
      'the answer and the agent\'s tool steps arrive as progress meanwhile. Write the message as you would to a colleague who doesn\'t know this conversation. ' +
      'To ask a follow-up, pass the conversationId of the earlier answer.',
    input: Type.Object({
      agent: Type.String({ minLength: 1, maxLength: 200, description: 'Id or name of the agent, as listed by dust_list_agents.' }),
      message: Type.String({ pattern: '\\S', description: 'What to ask.' }),
      conversationId: Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: 'Goes on in this conversation; without it a new one is started.' })),
      attachments: Type.Optional(Type.Array(AttachmentInput, { maxItems: 20, description: 'What the agent shall read for its answer: texts, uploaded files, documents of the workspace.' }))
    }, { additionalProperties: false }),
    output: Answer,
    longRunning: true,
    replayable: true,
    // With tools that nobody is asked about, an agent may do anything.
    annotations: { readOnlyHint: false, destructiveHint: config.dust.skipToolsValidation, idempotentHint: false, openWorldHint: true }
  }, async ({ agent: idOrName, message, conversationId, attachments = [] }, operation) => runs.wait(operation, {
    find: async () => {
      const { sId, name, status } = await findAgent(dust.for(operation), idOrName, operation.signal)
      if (status !== 'active') throw new ToolError(`The agent ${name} can't be asked: its status is ${status}.`)
      return { sId, name }
    },
    begin: async (agent) => {
      const question = { content: message, attachments: attachments.map(toAttachment), ...(conversationId === undefined ? {} : { conversationId }) }
      return { agent, run: await conversations.ask(operation, agent, question) }
    }
  }))
}, { name: 'tools-ask-agent', dependencies: ['config', 'conversations', 'dust', 'mcp', 'runs'] })
