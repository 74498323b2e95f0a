import type { AgentAction, UserQuestion } from '../../dust/types.ts'
import { endAction, startAction } from './action.ts'
import type { BlockedStatus, Reply } from './pending-actions.ts'
import type { Run } from './run.ts'
import type { Sketch } from './emitter.ts'
import type { Answer, Rhythm, ToolCall, Turn } from './turn.ts'

const usualRhythm: Rhythm = { wordsPerEvent: 2, eventMs: 45 }

/** What the agent's behaviour is given: each thing it does becomes events of the run. */
export function createTurn (run: Run): Turn {
  const { emitter, message, order, signal, services } = run

  async function stream (text: string, rhythm: Rhythm, classification: 'tokens' | 'chain_of_thought') {
    for (const piece of pieces(text, rhythm.wordsPerEvent)) {
      await services.pace.wait(rhythm.eventMs, signal)
      emitter.emit({ type: 'generation_tokens', text: piece, classification })
      run.write(piece, classification)
    }
  }

  function announce (call: ToolCall): AgentAction {
    const action = startAction(call, message, emitter.step, services.identifiers)
    emitter.emit({ type: 'tool_call_started', toolName: call.tool, toolCallId: action.functionCallId, toolCallIndex: 0 })
    return action
  }

  async function execute (call: ToolCall, action: AgentAction) {
    message.actions.push(action)
    emitter.emit({ type: 'tool_params', action })
    const total = call.notifications.length
    for (const [index, label] of call.notifications.entries()) {
      await services.pace.wait(call.durationMs / (total + 1), signal)
      const data = { label, output: { type: 'text', text: label } }
      emitter.emit({ type: 'tool_notification', action, notification: { progress: index + 1, total, _meta: { data } } })
    }
    await services.pace.wait(call.durationMs / (total + 1), signal)
    finish(endAction(action, 'succeeded', call.output))
  }

  function finish (action: AgentAction) {
    message.actions = [...message.actions.filter(({ sId }) => sId !== action.sId), action]
    emitter.emit({ type: 'agent_action_success', action })
  }

  /** Waits for a person, here and in the conversations of the agents that delegated to this one. */
  async function block (call: ToolCall, action: AgentAction, status: BlockedStatus, sketchOf: (blocking: Blocking) => Sketch, stake?: string, question?: UserQuestion): Promise<Reply> {
    const blocking = { ...blockingFields(run, call, action), ...(stake === undefined ? {} : { stake }) }
    const sketch = sketchOf(blocking)
    const lineage = run.lineage()
    const copies = lineage.map(({ events, emitter: own }) => ({ events, event: own === emitter ? emitter.emit(sketch) : events.append(emitter.envelop(sketch)) }))
    const record = { ...blocking, messageId: message.sId, status, ...(question === undefined ? {} : { question }) }
    const reply = await services.pending.wait(record, lineage.map(({ conversationId }) => conversationId), signal)
    for (const { events, event } of copies) events.remove(event.eventId)
    return reply
  }

  return {
    ...order,
    random: run.random,
    pause: (milliseconds) => services.pace.wait(milliseconds, signal),
    say: (text, rhythm = usualRhythm) => stream(text, rhythm, 'tokens'),
    nextStep: () => run.nextStep(),

    async think (text) {
      emitter.emit({ type: 'generation_tokens', text: '<thinking>', classification: 'opening_delimiter' })
      await stream(text, usualRhythm, 'chain_of_thought')
      emitter.emit({ type: 'generation_tokens', text: '</thinking>', classification: 'closing_delimiter' })
    },

    async useTool (call) {
      await execute(call, announce(call))
    },

    async useToolWithApproval (call, stake) {
      const action = announce(call)
      if (!order.skipToolsValidation) {
        const reply = await block(call, action, 'blocked_validation_required', (blocking) => ({ type: 'tool_approve_execution', ...blocking }), stake)
        if (reply.kind !== 'approval' || !reply.approved) {
          finish(endAction(action, 'denied', 'The user rejected this tool execution.'))
          return false
        }
      }
      await execute(call, action)
      return true
    },

    async delegate (agentId, task) {
      const child = services.startChild(run, agentId, task)
      const call: ToolCall = {
        server: 'run_agent',
        tool: `run_${agentId}`,
        params: { query: task },
        labels: { running: `Running ${agentId}`, done: `Ran ${agentId}` },
        notifications: [],
        durationMs: 200,
        output: ''
      }
      const action = announce(call)
      message.actions.push(action)
      emitter.emit({ type: 'tool_params', action })
      const output = { type: 'run_agent', childAgentId: agentId, conversationId: child.conversationId, query: task, agentMessageId: child.message.sId }
      emitter.emit({ type: 'tool_notification', action, notification: { progress: 1, total: 1, _meta: { data: { label: call.labels.running, output } } } })
      const stopChild = () => child.cancel()
      signal.addEventListener('abort', stopChild, { once: true })
      await child.finished
      signal.removeEventListener('abort', stopChild)
      signal.throwIfAborted()
      const report = child.message.content ?? 'nothing'
      finish(endAction(action, 'succeeded', report))
      return report
    },

    async ask (question): Promise<Answer> {
      const call = questionCall(question)
      const action = announce(call)
      const reply = await block(call, action, 'blocked_user_answer_required', (blocking) => ({ type: 'tool_ask_user_question', ...blocking, question }), undefined, question)
      const answer = reply.kind === 'answer' ? reply.answer : { selectedOptions: [] }
      message.actions.push(action)
      finish(endAction(action, 'succeeded', JSON.stringify(answer)))
      return answer
    },

    async needPersonalAccount (call, provider) {
      const action = announce(call)
      const mcpServerId = action.mcpServerId ?? call.server
      const authError = { mcpServerId, message: `Connect your ${provider} account.`, provider, toolName: call.tool }
      await block(call, action, 'blocked_authentication_required', (blocking) => ({ type: 'tool_personal_auth_required', ...blocking, authError }))
      throw new Error('An account was connected, which this emulator cannot do.')
    }
  }
}

type Blocking = ReturnType<typeof blockingFields>

function blockingFields ({ conversationId, message }: Run, call: ToolCall, action: AgentAction) {
  return {
    conversationId,
    actionId: action.sId,
    inputs: call.params,
    metadata: {
      toolName: call.tool,
      mcpServerName: call.server,
      agentName: message.configuration.name,
      mcpServerDisplayName: call.server,
      mcpServerId: action.mcpServerId ?? call.server
    },
    isLastBlockingEventForStep: true
  }
}

function questionCall (question: UserQuestion): ToolCall {
  return {
    server: 'ask_user_question',
    tool: 'ask_user_question',
    params: { ...question },
    labels: { running: 'Asking', done: 'Asked' },
    notifications: [],
    durationMs: 0,
    output: ''
  }
}

/** Cuts at spaces only, so that no character is torn apart. */
function pieces (text: string, wordsPerPiece: number): string[] {
  const words = text.match(/\s*\S+\s*/g) ?? []
  return Array.from({ length: Math.ceil(words.length / wordsPerPiece) }, (_, index) =>
    words.slice(index * wordsPerPiece, (index + 1) * wordsPerPiece).join(''))
}
