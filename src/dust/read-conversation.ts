import { isObject, toCodeOrNull, toInteger, toIntegerOrNull, toList, toNumber, toNumberOrNull, toObject, toText, toTextOrNull, toTime, toTimeOrNull, type JsonObject } from './json.ts'
import type { Agent, AgentAction, AgentMessage, AgentMessageStatus, ContentFragment, Conversation, ErrorDetail, UserMessage } from './types.ts'

/** Reads an agent; `null` without an `sId`. */
export function readAgent (value: unknown): Agent | null {
  const agent = toObject(value)
  return typeof agent.sId === 'string' ? agentFrom(agent) : null
}

export function readAgents (value: unknown): Agent[] {
  return toList(value).map(readAgent).filter((agent) => agent !== null)
}

function agentFrom (agent: JsonObject): Agent {
  const model = toObject(agent.model)
  return {
    id: toNumber(agent.id),
    sId: toText(agent.sId),
    version: toNumber(agent.version),
    versionCreatedAt: toTextOrNull(agent.versionCreatedAt),
    versionAuthorId: toNumberOrNull(agent.versionAuthorId),
    name: toText(agent.name),
    description: toText(agent.description),
    instructions: toTextOrNull(agent.instructions),
    pictureUrl: toText(agent.pictureUrl),
    status: toText(agent.status),
    scope: toText(agent.scope),
    model: { providerId: toText(model.providerId), modelId: toText(model.modelId), temperature: toNumber(model.temperature) },
    userFavorite: agent.userFavorite === true,
    maxStepsPerRun: toInteger(agent.maxStepsPerRun),
    templateId: toTextOrNull(agent.templateId)
  }
}

/** Reads a conversation; `null` without an `sId`. Messages of unknown types are left out. */
export function readConversation (value: unknown): Conversation | null {
  const conversation = toObject(value)
  if (typeof conversation.sId !== 'string') return null
  const owner = toObject(conversation.owner)
  return {
    id: toNumber(conversation.id),
    sId: conversation.sId,
    created: toTime(conversation.created),
    ...(toTimeOrNull(conversation.updated) !== null && { updated: toTime(conversation.updated) }),
    title: toTextOrNull(conversation.title),
    unread: conversation.unread === true,
    actionRequired: conversation.actionRequired === true,
    visibility: toText(conversation.visibility),
    owner: {
      id: toNumber(owner.id),
      sId: toText(owner.sId),
      name: toText(owner.name),
      role: toText(owner.role),
      segmentation: toTextOrNull(owner.segmentation),
      whiteListedProviders: Array.isArray(owner.whiteListedProviders) ? texts(owner.whiteListedProviders) : null,
      defaultEmbeddingProvider: toTextOrNull(owner.defaultEmbeddingProvider)
    },
    url: toText(conversation.url),
    content: toList(conversation.content).map((versions) => toList(versions).map(readMessage).filter((message) => message !== null))
  }
}

function readMessage (value: unknown): UserMessage | AgentMessage | ContentFragment | null {
  return readAgentMessage(value) ?? readUserMessage(value) ?? readContentFragment(value)
}

/** Reads an agent message; `null` when it is something else. */
export function readAgentMessage (value: unknown): AgentMessage | null {
  const message = toObject(value)
  if (message.type !== 'agent_message' || typeof message.sId !== 'string') return null
  return {
    id: toNumber(message.id),
    agentMessageId: toNumber(message.agentMessageId),
    sId: message.sId,
    created: toTime(message.created),
    type: 'agent_message',
    visibility: toText(message.visibility),
    version: toNumber(message.version),
    parentMessageId: toTextOrNull(message.parentMessageId),
    parentAgentMessageId: toTextOrNull(message.parentAgentMessageId),
    configuration: agentFrom(toObject(message.configuration)),
    status: statuses.get(toText(message.status)) ?? 'created',
    content: toTextOrNull(message.content),
    chainOfThought: toTextOrNull(message.chainOfThought),
    rawContents: toList(message.rawContents).map(toObject).map(({ step, content }) => ({ step: toNumber(step), content: toText(content) })),
    actions: toList(message.actions).map(readAction).filter((action) => action !== null),
    error: isObject(message.error) ? readErrorDetail(message.error) : null
  }
}

/** The last two are the server's own names, which it promises to translate. An unknown status can't be taken for an end. */
const statuses = new Map<string, AgentMessageStatus>([
  ['created', 'created'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['gracefully_stopped', 'succeeded'],
  ['interrupted', 'cancelled']
])

/** Reads a user message; `null` when it is something else. */
export function readUserMessage (value: unknown): UserMessage | null {
  const message = toObject(value)
  if (message.type !== 'user_message' || typeof message.sId !== 'string') return null
  const context = toObject(message.context)
  return {
    id: toNumber(message.id),
    sId: message.sId,
    created: toTime(message.created),
    type: 'user_message',
    visibility: toText(message.visibility),
    version: toNumber(message.version),
    user: isObject(message.user) ? message.user : null,
    mentions: toList(message.mentions).map(toObject).flatMap(({ configurationId }) => typeof configurationId === 'string' ? [{ configurationId }] : []),
    content: toText(message.content),
    context: {
      username: toText(context.username),
      timezone: toText(context.timezone),
      origin: toTextOrNull(context.origin),
      fullName: toTextOrNull(context.fullName),
      email: toTextOrNull(context.email),
      profilePictureUrl: toTextOrNull(context.profilePictureUrl)
    }
  }
}

/** Reads a content fragment; `null` when it is something else. */
export function readContentFragment (value: unknown): ContentFragment | null {
  const fragment = toObject(value)
  if (fragment.type !== 'content_fragment' || typeof fragment.sId !== 'string') return null
  return {
    type: 'content_fragment',
    sId: fragment.sId,
    title: toText(fragment.title),
    contentType: toText(fragment.contentType),
    contentFragmentType: toText(fragment.contentFragmentType),
    fileId: toTextOrNull(fragment.fileId),
    nodeId: toTextOrNull(fragment.nodeId),
    nodeDataSourceViewId: toTextOrNull(fragment.nodeDataSourceViewId),
    expiredReason: toTextOrNull(fragment.expiredReason)
  }
}

/** Reads one tool call of an agent; `null` when it is no object. */
export function readAction (value: unknown): AgentAction | null {
  if (!isObject(value)) return null
  return {
    id: toNumber(value.id),
    sId: toText(value.sId),
    createdAt: toNumber(value.createdAt),
    updatedAt: toNumber(value.updatedAt),
    mcpServerId: toTextOrNull(value.mcpServerId),
    internalMCPServerName: toTextOrNull(value.internalMCPServerName),
    toolName: toText(value.toolName),
    functionCallName: toText(value.functionCallName),
    functionCallId: toText(value.functionCallId),
    agentMessageId: toNumber(value.agentMessageId),
    status: toText(value.status),
    params: toObject(value.params),
    step: toNumber(value.step),
    executionDurationMs: toIntegerOrNull(value.executionDurationMs),
    citationsAllocated: toNumber(value.citationsAllocated),
    output: Array.isArray(value.output) ? value.output.filter(isObject) : null,
    generatedFiles: toList(value.generatedFiles).filter(isObject).map((file) => ({
      fileId: toTextOrNull(file.fileId),
      title: toText(file.title),
      contentType: toText(file.contentType),
      snippet: toTextOrNull(file.snippet),
      ...(typeof file.filePath === 'string' && { filePath: file.filePath }),
      ...(file.hidden === true && { hidden: true })
    })),
    displayLabels: isObject(value.displayLabels)
      ? { running: toText(value.displayLabels.running), done: toText(value.displayLabels.done) }
      : null
  }
}

export function readErrorDetail (value: unknown): ErrorDetail {
  const { code, message, metadata } = toObject(value)
  return { code: toCodeOrNull(code) ?? 'unknown', message: toText(message), metadata: isObject(metadata) ? metadata : null }
}

export function texts (value: unknown): string[] {
  return toList(value).filter((item) => typeof item === 'string')
}
