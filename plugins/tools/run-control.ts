import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { ToolError } from '../../src/mcp/operation.ts'
import { Answer } from '../runs/answer.ts'
import { agentMessages, findRun } from '../runs/find-run.ts'

const conversationId = Type.String({ minLength: 1, maxLength: 200, description: 'As returned by dust_ask_agent.' })
const messageId = (fallback: string) => Type.Optional(Type.String({ minLength: 1, maxLength: 200, description: `As returned by dust_ask_agent. Without it ${fallback}.` }))

/** Tools for runs that have begun. */
export default fp(async ({ config, conversations, dust, mcp, runs }) => {
  if (!config.tools.has('agents')) return

  mcp.addTool({
    name: 'dust_follow_run',
    title: 'Go on waiting for a Dust agent',
    description: 'Stays with an agent\'s run that goes on after its call has ended (status "running" or "waiting_..."), until it has answered. ' +
      'The answer so far arrives as progress. Ending this call doesn\'t end the run.',
    input: Type.Object({ conversationId, messageId: messageId('the newest run of the conversation') }, { additionalProperties: false }),
    output: Answer,
    longRunning: true,
    replayable: true,
    // What the agent waits for meanwhile is asked of the person, or decided by the server's policy.
    annotations: { readOnlyHint: false, destructiveHint: config.dust.skipToolsValidation, idempotentHint: true, openWorldHint: true }
  }, async ({ conversationId, messageId }, operation) => {
    await conversations.admit(operation, conversationId)
    const found = await findRun(dust.for(operation), conversationId, messageId, operation.signal)
    if (found.message.status !== 'created') return runs.ended(found, found.message)
    return runs.wait(operation, async () => found, { isUnderway: true, cancels: false })
  })

  mcp.addTool({
    name: 'dust_cancel_run',
    title: 'Stop a Dust agent',
    description: 'Stops what agents are doing in a conversation. What they have written stays; the run can\'t go on, but dust_retry_message begins it anew. Returns the messages whose runs were stopped.',
    input: Type.Object({ conversationId, messageId: messageId('every run of the conversation is stopped') }, { additionalProperties: false }),
    output: Type.Object({ conversationId: Type.String(), stopped: Type.Array(Type.String(), { description: 'Message ids.' }) }),
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true }
  }, async ({ conversationId, messageId }, operation) => {
    await conversations.admit(operation, conversationId)
    const workspace = dust.for(operation)
    const running = agentMessages(await workspace.getConversation(conversationId, { signal: operation.signal }))
      .filter(({ sId, status }) => status === 'created' && (messageId === undefined || sId === messageId))
    const stopped = running.map(({ sId }) => sId)
    if (stopped.length > 0) await workspace.cancel(conversationId, stopped)
    return {
      text: stopped.length === 0 ? 'Nothing runs there: it has ended already.' : `Dust was told to stop ${running.map(({ configuration }) => configuration.name).join(', ')}.`,
      structured: { conversationId, stopped }
    }
  })

  mcp.addTool({
    name: 'dust_retry_message',
    title: 'Run a Dust agent again',
    description: 'Runs an agent again that failed, was cancelled, or answered badly, with the same question, and waits for its answer like dust_ask_agent. ' +
      'The new answer takes the place of the old one and has a messageId of its own. Tools that the agent used are used again.',
    input: Type.Object({ conversationId, messageId: messageId('the newest answer of the conversation') }, { additionalProperties: false }),
    output: Answer,
    longRunning: true,
    replayable: true,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: true }
  }, async ({ conversationId, messageId }, operation) => runs.wait(operation, {
    find: async () => {
      await conversations.admit(operation, conversationId)
      const workspace = dust.for(operation)
      const { agent, run, message } = await findRun(workspace, conversationId, messageId, operation.signal)
      if (!workspace.isOpen(agent)) throw new ToolError(`The agent ${agent.name} is not offered here.`)
      if (message.status === 'created') throw new ToolError('The agent still runs. Stay with it with dust_follow_run, or stop it with dust_cancel_run.')
      return { agent, run }
    },
    // Without the signal: once the run may have begun, its ids are needed to cancel it.
    begin: async ({ agent, run }) => ({ agent, run: await dust.for(operation).retryMessage(run) })
  }))
}, { name: 'tools-run-control', dependencies: ['config', 'conversations', 'dust', 'mcp', 'runs'] })
