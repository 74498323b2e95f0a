import { Type } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { hasCapabilities } from '../../src/mcp/input.ts'
import { ToolError, type Operation } from '../../src/mcp/operation.ts'
import { Answer } from '../runs/answer.ts'
import { findRun } from '../runs/find-run.ts'
import { describeNeed, needOf, NeedSummary, summarizeNeed, type Need } from '../runs/needs.ts'
import { readReply, Reply } from '../runs/reply.ts'

const conversationId = Type.String({ minLength: 1, maxLength: 200, description: 'As returned by dust_ask_agent.' })

/** Tools for what agents need of a person when nobody could be asked during the call. */
export default fp(async ({ config, conversations, dust, mcp, runs }) => {
  if (!config.tools.has('approvals')) return
  const policy = config.dust.toolApproval

  mcp.addTool({
    name: 'dust_list_pending_approvals',
    title: 'List what Dust agents wait for',
    description: 'Lists what the agents of a conversation need of a person before they go on: approval of a tool, the answer to a question, ' +
      'or an authorization in Dust. Show it to the person, then pass on what they decide with dust_answer_approval.',
    input: Type.Object({ conversationId }, { additionalProperties: false }),
    output: Type.Object({ conversationId: Type.String(), waitingFor: Type.Array(NeedSummary) }),
    annotations: { readOnlyHint: true, openWorldHint: true }
  }, async ({ conversationId }, operation) => {
    await conversations.admit(operation, conversationId)
    const needs = await listNeeds(operation, conversationId)
    return {
      text: needs.length === 0 ? 'Nothing waits for a person in this conversation.' : needs.map((need) => `${describeNeed(nameOf(need), need)}\nactionId: ${need.actionId}`).join('\n\n'),
      structured: { conversationId, waitingFor: needs.map((need) => summarizeNeed(nameOf(need), need)) }
    }
  })

  mcp.addTool({
    name: 'dust_answer_approval',
    title: 'Tell a Dust agent what a person decided',
    description: 'Passes on what a person has decided on something that an agent waits for, and stays with the agent until it has answered, like dust_ask_agent. ' +
      'Only for a decision that a person made: ask them, never decide for them. ' +
      'Pass decision for an approval, options or words (or both) for a question.',
    input: Type.Object({
      conversationId,
      actionId: Type.String({ minLength: 1, maxLength: 200, description: 'From waitingFor, or dust_list_pending_approvals.' }),
      ...Reply.properties
    }, { additionalProperties: false }),
    output: Answer,
    longRunning: true,
    replayable: true,
    annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: true }
  }, async ({ conversationId, actionId, ...reply }, operation) => {
    await conversations.admit(operation, conversationId)
    const { signal, clientCapabilities } = operation
    const workspace = dust.for(operation)
    if (reply.decision === 'approve' && policy === 'reject') throw new ToolError('This server approves no tools: a person can do it in Dust, or you pass on a rejection.')
    // The word of a model isn't that of the person: where they can be asked, they are, as soon as the run is followed.
    const isAsked = reply.decision === 'approve' && policy === 'ask' && hasCapabilities(clientCapabilities, { elicitation: { form: {} } })
    return runs.wait(operation, {
      find: async () => {
        const need = await findNeed(operation, conversationId, actionId)
        const words = readReply(need, reply)
        const { agent, run } = await findRun(workspace, conversationId, need.conversationId === conversationId ? need.messageId : undefined, signal)
        return { need, words, begun: { agent, run } }
      },
      // Without the signal: once it may have been told, it must be known whether it was.
      begin: async ({ need, words, begun }) => {
        if (words.kind === 'answer') await workspace.answerQuestion(need, words.answer)
        else if (!isAsked) await workspace.validateAction(need, words.decision)
        return begun
      }
    }, { isUnderway: true, ...(isAsked ? {} : { decided: actionId }) })
  })

  async function listNeeds (operation: Operation, conversationId: string): Promise<Need[]> {
    return (await dust.for(operation).blockedActions(conversationId, operation.signal)).map(needOf).filter((need) => need !== null)
  }

  async function findNeed (operation: Operation, conversationId: string, actionId: string): Promise<Need> {
    const needs = await listNeeds(operation, conversationId)
    const need = needs.find((candidate) => candidate.actionId === actionId)
    if (need !== undefined) return need
    throw new ToolError('No such action waits in this conversation: it was decided meanwhile, or the id is wrong. ' +
      (needs.length === 0 ? 'Nothing waits there.' : `These wait: ${needs.map((candidate) => candidate.actionId).join(', ')}.`))
  }
}, { name: 'tools-approvals', dependencies: ['config', 'conversations', 'dust', 'mcp', 'runs'] })

function nameOf ({ metadata }: Need): string {
  return metadata.agentName ?? 'The agent'
}
