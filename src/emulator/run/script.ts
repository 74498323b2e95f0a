import type { AgentAction, UserQuestion } from '../../dust/types.ts'
import { endAction, startAction } from './action.ts'
import type { Run } from './run.ts'
import type { Answer, MadeFile, Rhythm, ToolCall, Turn } from './turn.ts'
import { waitForPerson, type Asked } from './waiting.ts'

type GeneratedFile = AgentAction['generatedFiles'][number]

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
    finish({ ...endAction(action, 'succeeded', call.output), citationsAllocated: call.files?.length ?? 0, generatedFiles: call.files?.map(keep) ?? [] })
  }

  function keep ({ title, contentType, bytes, filePath, isHidden }: MadeFile): GeneratedFile {
    const { conversationId } = run
    const snippet = contentType.startsWith('text/') ? bytes.toString().slice(0, 256) : null
    if (filePath !== undefined) {
      services.files.putInFolder({ conversationId, filePath, contentType, bytes })
      return { fileId: null, filePath, title, contentType, snippet }
    }
    const { sId } = services.files.add(conversationId, title, contentType, bytes, 'tool_output')
    return { fileId: sId, title, contentType, snippet, ...(isHidden === true && { hidden: true }) }
  }

  function finish (action: AgentAction) {
    message.actions = [...message.actions.filter(({ sId }) => sId !== action.sId), action]
    emitter.emit({ type: 'agent_action_success', action })
  }

  async function isApproved (call: ToolCall, action: AgentAction, asked: Asked): Promise<boolean> {
    const reply = await waitForPerson(run, call, action, 'blocked_validation_required', (blocking) => ({ type: 'tool_approve_execution', ...blocking }), asked)
    return reply.kind === 'approval' && reply.approved
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

    async useToolsWithApproval (wishes) {
      const announced = wishes.map((wish) => ({ ...wish, action: announce(wish.call) }))
      // All ask before any of them runs: the last answer sets the message going again.
      const approvals = await Promise.all(announced.map(async ({ call, action, ...asked }, index) =>
        order.skipToolsValidation || await isApproved(call, action, { ...asked, isLast: index === announced.length - 1 })))
      for (const [index, { call, action }] of announced.entries()) {
        if (approvals[index] === true) await execute(call, action)
        else finish(endAction(action, 'denied', 'The user rejected this tool execution.'))
      }
      return approvals
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
      const reply = await waitForPerson(run, call, action, 'blocked_user_answer_required', (blocking) => ({ type: 'tool_ask_user_question', ...blocking, question }), { question })
      const answer = reply.kind === 'answer' ? reply.answer : { selectedOptions: [] }
      message.actions.push(action)
      finish(endAction(action, 'succeeded', JSON.stringify(answer)))
      return answer
    },

    async needPersonalAccount (call, provider) {
      const action = announce(call)
      const mcpServerId = action.mcpServerId ?? call.server
      const authError = { mcpServerId, message: `Connect your ${provider} account.`, provider, toolName: call.tool }
      await waitForPerson(run, call, action, 'blocked_authentication_required', (blocking) => ({ type: 'tool_personal_auth_required', ...blocking, authError }))
      await execute(call, action)
    },

    async needFileAccess (call, file) {
      const action = announce(call)
      const fileAuthError = { ...file, toolName: call.tool, message: `Allow access to ${file.fileName}.` }
      await waitForPerson(run, call, action, 'blocked_file_authorization_required', (blocking) => ({ type: 'tool_file_auth_required', ...blocking, fileAuthError }))
      await execute(call, action)
    }
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
