import { Faults } from './faults/faults.ts'
import { rateLimited } from './faults/request-faults.ts'
import { Pace } from './pace.ts'
import { RateLimit } from './rate-limit.ts'
import { OpenStreams } from './wire/open-streams.ts'
import { Workspace } from './workspace/workspace.ts'
import type { Operation } from './operations.ts'
import type { AgentMessageStatus } from '../dust/types.ts'

export interface EmulatorSettings {
  apiKey: string
  workspaceId: string
  seed: number
  pace: number
  connectionLifetimeMs: number
  pageSize: number
  historyTtlMs: number
  blockingWaitMs: number
  /** `null` for no limit. */
  messagesPerMinute: number | null
  uploadsPerMinute: number | null
  /** How long that minute is. */
  limitWindowMs: number
  /** How many agents can be asked at least. */
  agents: number
}

export interface MessageRecord {
  messageId: string
  conversationId: string
  agentId: string
  status: AgentMessageStatus
  content: string | null
  /** Events written so far, the end marker included. */
  events: number
  /** Connections to its event stream so far. */
  connections: number
}

export interface CancelRecord {
  conversationId: string
  messageId: string
  /** Milliseconds since the epoch. */
  at: number
}

/** The emulated workspace as a test sees it: what happened in it, and what shall go wrong. */
export class Emulator {
  readonly settings: Readonly<EmulatorSettings>
  readonly faults = new Faults()
  readonly pace: Pace
  readonly workspace: Workspace
  readonly streams = new OpenStreams()
  readonly cancels: CancelRecord[] = []
  readonly limits: { messages: RateLimit, uploads: RateLimit }
  readonly #requests = new Map<Operation, number>()

  constructor (settings: EmulatorSettings) {
    this.settings = settings
    this.pace = new Pace(settings.pace)
    this.limits = {
      messages: new RateLimit(settings.messagesPerMinute, settings.limitWindowMs),
      uploads: new RateLimit(settings.uploadsPerMinute, settings.limitWindowMs)
    }
    this.workspace = new Workspace({
      ...settings,
      pace: this.pace,
      unknownRate: () => this.faults.unknownRate(),
      onDelegation: () => { this.limits.messages.take() }
    })
    this.workspace.agents.fillUpTo(settings.agents)
  }

  /** @throws {ApiError} 403 rate_limit_error */
  limitMessages (): void {
    if (!this.limits.messages.take()) throw rateLimited(403)
  }

  count (operation: Operation): void {
    this.#requests.set(operation, (this.#requests.get(operation) ?? 0) + 1)
  }

  /** How often each operation was requested, refused requests included. */
  requests (): Partial<Record<Operation, number>> {
    return Object.fromEntries(this.#requests)
  }

  /** What the emulator itself knows of an agent message; `undefined` when there is none with that sId. */
  message (sId: string): MessageRecord | undefined {
    const run = this.workspace.runs.get(sId)
    if (run === undefined) return undefined
    const { message, conversationId, events, connections } = run
    return {
      messageId: sId,
      conversationId,
      agentId: message.configuration.sId,
      status: message.status,
      content: message.content,
      events: events.count,
      connections
    }
  }

  /** A person gives an agent the access that its action waits for. Returns whether there is such an action. */
  authorize (actionId: string): boolean {
    const { pending } = this.workspace
    const status = pending.find(actionId)?.status
    if (status !== 'blocked_authentication_required' && status !== 'blocked_file_authorization_required') return false
    pending.settle(actionId, { kind: 'approval', approved: true })
    return true
  }

  close (): void {
    this.workspace.close()
    this.streams.endAll()
  }
}
