import type { AgentMessage, ContentFragment, MessageContext, UserMessage, Workspace as Owner } from '../../dust/types.ts'
import { AgentDirectory } from '../agents/directory.ts'
import type { EmulatedAgent } from '../agents/staff.ts'
import { ApiError } from '../errors.ts'
import { createIdentifiers, type Identifiers } from '../identifiers.ts'
import { findEntry, textOf } from '../knowledge/library.ts'
import type { Pace } from '../pace.ts'
import { PendingActions } from '../run/pending-actions.ts'
import { Run, type Order, type RunServices } from '../run/run.ts'
import { createTurn } from '../run/script.ts'
import type { Reading } from '../run/turn.ts'
import { FileStore } from './files.ts'
import { memberByEmail } from './members.ts'
import { Room } from './room.ts'

export interface NewMessage {
  content: string
  context: MessageContext
  mentions: Array<{ configurationId: string }>
  skipToolsValidation: boolean
}

export interface WorkspaceOptions {
  workspaceId: string
  seed: number
  historyTtlMs: number
  pace: Pace
  /** How often an unknown event follows a known one, from 0 to 1. Asked at the start of every run. */
  unknownRate: () => number
  /** Told when an agent asks another one: that counts as a message. */
  onDelegation: () => void
}

/** All state of the emulated workspace: its conversations and the runs of its agents. Lives in memory. */
export class Workspace {
  readonly rooms = new Map<string, Room>()
  readonly runs = new Map<string, Run>()
  readonly pending = new PendingActions()
  readonly agents = new AgentDirectory()
  readonly identifiers: Identifiers
  readonly files: FileStore
  readonly #owner: Owner
  readonly #options: WorkspaceOptions

  constructor (options: WorkspaceOptions) {
    this.#options = options
    this.identifiers = createIdentifiers(options.seed)
    this.files = new FileStore(this.identifiers)
    this.#owner = {
      id: 1,
      sId: options.workspaceId,
      name: 'Emulated workspace',
      role: 'user',
      segmentation: null,
      whiteListedProviders: null,
      defaultEmbeddingProvider: null
    }
  }

  open (title: string | null, visibility: string): Room {
    const room = new Room(this.#owner, this.identifiers, title, visibility)
    this.rooms.set(room.conversation.sId, room)
    return room
  }

  /**
   * Adds a user message and starts the agent it mentions. An unknown agent is dropped silently, as Dust does.
   *
   * @throws {ApiError} 400 when the agent can't be asked, or another one is still running
   */
  post (room: Room, { content, context, mentions, skipToolsValidation }: NewMessage, parent?: Run): { message: UserMessage, runs: Run[] } {
    const agents = mentions.flatMap(({ configurationId }) => this.agents.get(configurationId) ?? [])
    for (const { configuration } of agents) this.#assertCanBeAsked(room, configuration.sId, configuration.status)
    const now = Date.now()
    const message: UserMessage = {
      id: this.identifiers.id(),
      sId: this.identifiers.sId(),
      created: now,
      type: 'user_message',
      visibility: 'visible',
      version: 0,
      user: memberByEmail(context.email) ?? null,
      mentions: agents.map(({ configuration }) => ({ configurationId: configuration.sId })),
      content,
      context
    }
    const rank = room.add(message)
    room.events.append({ type: 'user_message_new', created: now, messageId: message.sId, message: { ...message, rank } })
    if (room.conversation.title === null) {
      room.conversation.title = Array.from(content.replaceAll(/\s+/g, ' ')).slice(0, 60).join('')
      room.events.append({ type: 'conversation_title', created: now, title: room.conversation.title })
    }
    const order = { prompt: content, earlier: room.promptsBefore(rank), attachments: room.attachmentsBefore(rank).map((fragment) => this.#reading(fragment)), attempt: 0, skipToolsValidation }
    return { message, runs: agents.map((agent) => this.#begin(room, agent, message.sId, order, parent)) }
  }

  /** Runs the agent again, as a new version of its message. */
  retry (room: Room, failed: AgentMessage, rank: number): AgentMessage {
    const agent = this.agents.get(failed.configuration.sId)
    const before = this.runs.get(failed.sId)
    if (agent === undefined || before === undefined) throw new ApiError(404, 'message_not_found', 'The message was not made by an agent of this workspace.')
    const versions = room.conversation.content[rank] ?? []
    before.cancel()
    const message = this.#blank(agent, failed.parentMessageId, versions.length)
    versions.push(message)
    this.#launch(room, agent, message, rank, { ...before.order, attempt: versions.length - 1 })
    return message
  }

  /** The member's messages belong to them: an API key can't approve their tools. */
  isOwnedByMember (run: Run): boolean {
    const question = this.rooms.get(run.conversationId)?.find(run.message.parentMessageId ?? '')?.message
    return question?.type === 'user_message' && question.user !== null
  }

  /** The how-manieth run of this workspace it is. */
  ordinal (run: Run): number {
    return [...this.runs.values()].indexOf(run)
  }

  close (): void {
    for (const run of this.runs.values()) run.stop()
  }

  #assertCanBeAsked (room: Room, agentId: string, status: string): void {
    if (status !== 'active') throw new ApiError(400, 'agent_inaccessible', `The agent ${agentId} can't be asked: its status is ${status}.`)
    const other = room.current().find((message) => message.type === 'agent_message' && message.status === 'created' && message.configuration.sId !== agentId)
    if (other !== undefined) throw new ApiError(400, 'invalid_request_error', 'Wait for current active agent to finish before calling another agent.')
  }

  #begin (room: Room, agent: EmulatedAgent, parentMessageId: string, order: Order, parent?: Run): Run {
    const message = this.#blank(agent, parentMessageId, 0)
    const rank = room.add(message)
    return this.#launch(room, agent, message, rank, order, parent)
  }

  #launch (room: Room, agent: EmulatedAgent, message: AgentMessage, rank: number, order: Order, parent?: Run): Run {
    const { seed, historyTtlMs, pace, unknownRate } = this.#options
    const services: RunServices = {
      seed,
      historyTtlMs,
      pace,
      unknownRate: unknownRate(),
      pending: this.pending,
      identifiers: this.identifiers,
      files: this.files,
      startChild: (above, agentId, task) => this.#delegate(above, agentId, task)
    }
    const run = new Run(room.conversation.sId, message, order, services, parent)
    this.runs.set(message.sId, run)
    const base = { configurationId: message.configuration.sId, messageId: message.sId }
    room.events.append({ type: 'agent_message_new', created: message.created, ...base, message: { ...message, rank } })
    run.start(agent.behaviour(createTurn(run))).then(() => {
      const status = message.status === 'succeeded' ? 'success' : 'error'
      room.events.append({ type: 'agent_message_done', created: Date.now(), conversationId: room.conversation.sId, ...base, status })
    })
    return run
  }

  /** What an agent reads of an attachment. */
  #reading ({ title, fileId, nodeId }: ContentFragment): Reading {
    const node = findEntry(nodeId ?? '')
    const bytes = node === undefined ? this.files.get(fileId ?? '')?.bytes ?? Buffer.alloc(0) : Buffer.from(textOf(node))
    return { title, size: bytes.length, text: bytes.toString() }
  }

  #delegate (above: Run, agentId: string, task: string): Run {
    this.#options.onDelegation()
    const room = this.open(null, 'unlisted')
    const { skipToolsValidation } = above.order
    const context = { username: above.message.configuration.name, timezone: 'UTC', origin: 'api' }
    const [run] = this.post(room, { content: task, context, mentions: [{ configurationId: agentId }], skipToolsValidation }, above).runs
    if (run === undefined) throw new Error(`There is no agent ${agentId} to delegate to.`)
    return run
  }

  #blank ({ configuration }: EmulatedAgent, parentMessageId: string | null, version: number): AgentMessage {
    return {
      id: this.identifiers.id(),
      agentMessageId: this.identifiers.id(),
      sId: this.identifiers.sId(),
      created: Date.now(),
      type: 'agent_message',
      visibility: 'visible',
      version,
      parentMessageId,
      parentAgentMessageId: null,
      configuration,
      status: 'created',
      content: null,
      chainOfThought: null,
      rawContents: [],
      actions: [],
      error: null
    }
  }
}
