import { isObject, toNumber, toObject, toText, type JsonObject } from './json.ts'
import { readBlocking, readQuestion } from './read-blocked.ts'
import { readAction, readAgentMessage, readErrorDetail, texts } from './read-conversation.ts'
import type { AgentMessageEvent } from './types.ts'

/** Reads one event of a message's stream; `null` when its type is unknown or what makes it useful is missing. */
export function readEvent (data: JsonObject): AgentMessageEvent | null {
  const base = {
    created: toNumber(data.created),
    configurationId: toText(data.configurationId),
    messageId: toText(data.messageId),
    ...(typeof data.step === 'number' && { step: data.step })
  }
  switch (data.type) {
    case 'generation_tokens':
      return typeof data.text === 'string' && isClassification(data.classification)
        ? { ...base, type: data.type, text: data.text, classification: data.classification }
        : null
    case 'tool_call_started':
      return {
        ...base,
        type: data.type,
        toolName: toText(data.toolName),
        ...(typeof data.toolCallId === 'string' && { toolCallId: data.toolCallId }),
        ...(typeof data.toolCallIndex === 'number' && { toolCallIndex: data.toolCallIndex })
      }
    case 'tool_params':
    case 'agent_action_success': {
      const action = readAction(data.action)
      return action && { ...base, type: data.type, action }
    }
    case 'tool_notification': {
      const action = readAction(data.action)
      return action && { ...base, type: data.type, action, notification: readNotification(data.notification) }
    }
    case 'tool_approve_execution':
      return { ...base, ...readBlocking(data), type: data.type }
    case 'tool_ask_user_question':
      return { ...base, ...readBlocking(data), type: data.type, question: readQuestion(data.question) }
    case 'tool_personal_auth_required':
      return { ...base, ...readBlocking(data), type: data.type, authError: readAuthError(data.authError) }
    case 'tool_file_auth_required':
      return { ...base, ...readBlocking(data), type: data.type, fileAuthError: readFileAuthError(data.fileAuthError) }
    case 'tool_error':
      return { ...base, type: data.type, error: readErrorDetail(data.error) }
    case 'agent_context_pruned':
    case 'agent_generation_cancelled':
      return { ...base, type: data.type }
    case 'agent_message_success':
    case 'agent_message_gracefully_stopped': {
      const message = readAgentMessage(data.message)
      return message && { ...base, type: data.type, message, runIds: texts(data.runIds) }
    }
    case 'agent_error':
      return { ...base, type: data.type, error: readErrorDetail(data.error), runIds: texts(data.runIds) }
    case 'user_message_error': {
      const { code, message } = readErrorDetail(data.error)
      return { type: data.type, created: base.created, error: { code, message } }
    }
    default:
      return null
  }
}

function isClassification (value: unknown): value is 'tokens' | 'chain_of_thought' | 'opening_delimiter' | 'closing_delimiter' {
  return value === 'tokens' || value === 'chain_of_thought' || value === 'opening_delimiter' || value === 'closing_delimiter'
}

function readNotification (value: unknown) {
  const notification = toObject(value)
  // `data` is the older place of the same thing.
  const data = toObject(toObject(notification._meta).data ?? notification.data)
  return {
    progress: toNumber(notification.progress),
    total: toNumber(notification.total),
    _meta: { data: { label: toText(data.label), ...(isObject(data.output) && { output: data.output }) } }
  }
}

function readAuthError (value: unknown) {
  const error = toObject(value)
  return {
    mcpServerId: toText(error.mcpServerId),
    message: toText(error.message),
    provider: toText(error.provider),
    toolName: toText(error.toolName),
    ...(typeof error.scope === 'string' && { scope: error.scope })
  }
}

function readFileAuthError (value: unknown) {
  const error = toObject(value)
  return {
    fileId: toText(error.fileId),
    fileName: toText(error.fileName),
    connectionId: toText(error.connectionId),
    mimeType: toText(error.mimeType),
    toolName: toText(error.toolName),
    message: toText(error.message)
  }
}
