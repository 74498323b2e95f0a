import { randomBytes, randomUUID } from 'node:crypto'
import type { TObject, TSchema } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { Catalog, type ExplainMissingTool, type ListKind } from '../src/mcp/catalog.ts'
import type { PromptDefinition, PromptHandler } from '../src/mcp/catalog/prompts.ts'
import type { ResourceDefinition, ResourceReader, ResourceTemplateDefinition, TemplateReader } from '../src/mcp/catalog/resources.ts'
import type { ToolDefinition, ToolHandler } from '../src/mcp/catalog/tools.ts'
import { readChange } from '../src/mcp/change.ts'
import { createDispatch, type OperationHook } from '../src/mcp/dispatch.ts'
import { Endpoint } from '../src/mcp/endpoint.ts'
import { isKeyedCaller } from '../src/keyed-caller.ts'
import { ErrorCode, isToolCall } from '../src/mcp/json-rpc.ts'
import { Replica } from '../src/mcp/session-lane/replica.ts'
import { readReplicaMessage } from '../src/mcp/session-lane/replica-message.ts'
import { SessionManager } from '../src/mcp/session-lane/session-manager.ts'
import { StatelessLane } from '../src/mcp/stateless-lane/stateless-lane.ts'
import { withinProcess } from '../src/store/bus.ts'
import { version } from '../src/version.ts'
import { explainDustError } from './mcp/explain-dust-error.ts'
import { createInject, type Inject } from './mcp/inject.ts'
import { createOperationObserver } from './mcp/operation-observer.ts'

/** What the server offers to MCP clients, whatever revision they speak. Lists may change at any time: clients are told. */
export interface Mcp {
  /**
   * Offers a tool to every MCP client.
   *
   * @param handler gets checked arguments; throw a `ToolError` to tell the model what went wrong
   * @throws {CatalogError} when the name is taken or not allowed, or a schema can't be compiled
   */
  addTool<Input extends TSchema, Output extends TSchema = TObject> (definition: ToolDefinition<Input, Output>, handler: ToolHandler<Input, Output>): void
  /** Takes a tool away. Calls that run go on. Returns whether there was one. */
  removeTool (name: string): boolean
  /**
   * Offers something to read.
   *
   * @throws {CatalogError} when the URI is taken or isn't one
   */
  addResource (definition: ResourceDefinition, reader: ResourceReader): void
  removeResource (uri: string): boolean
  /**
   * Offers many things to read, whose URIs have a common shape.
   *
   * @throws {CatalogError} when the template is taken or isn't one
   */
  addResourceTemplate (definition: ResourceTemplateDefinition, reader: TemplateReader): void
  removeResourceTemplate (uriTemplate: string): boolean
  /**
   * Offers a message to begin with, which a person chooses.
   *
   * @throws {CatalogError} when the name is taken, or an argument isn't a string
   */
  addPrompt<Input extends TObject> (definition: PromptDefinition<Input>, handler: PromptHandler<Input>): void
  removePrompt (name: string): boolean
  /**
   * Makes several changes at once: clients are told once of each list.
   *
   * @param options.isEverywhere every replica makes the same changes by itself, at about the same time: each tells its own clients,
   * when the others have had time to
   */
  change (work: () => void, options?: { isEverywhere?: boolean }): void
  /** Is asked what to tell a model that calls a tool which isn't there, any more or yet. */
  explainMissingTool (explain: ExplainMissingTool): void
  /** Tells the clients that have subscribed to a resource that it has changed. */
  resourceUpdated (uri: string): void
  /** Tells all clients to read a list again. Adding and removing does that by itself. */
  listChanged (kind: ListKind): void
  /** Stands around every operation from now on, within the hooks that were added before. */
  addHook (hook: OperationHook): void
  readonly inject: Inject
  readonly toolNames: string[]
  /** What `/mcp` answers. */
  readonly endpoint: Endpoint
}

declare module 'fastify' {
  interface FastifyInstance {
    mcp: Mcp
  }
  interface FastifyRequest {
    /** Whether an operation that it asked for has begun, which leaves a line in the log: one of its own would say the same. */
    isTold: boolean
  }
}

const INSTRUCTIONS = 'Ask the AI agents of a Dust workspace. List them with dust_list_agents, ask one with dust_ask_agent, ' +
  'and go on in the same conversation by passing the conversationId of the answer. Agents can take minutes; their progress is reported meanwhile.'

/** Time without an answer after which a reply becomes an event stream, and between comments on a silent one. */
const TIMING = { upgradeAfterMs: 2000, keepAliveMs: 15_000 }
/** How long a client whose stream ended early waits before it comes back. */
const RETRY_MS = 2000
/** How long a client without a session may take to answer a question. */
const REQUEST_STATE_TTL_SECONDS = 3600

/** How long the other replicas may take to make a change that they make by themselves. */
const SETTLE_MS = 2000

/** How the metrics name the ends of sessions. */
const DURATION_REASONS = { closed: 'client_close', expired: 'idle_timeout' } as const

/** Serves the catalog to MCP clients. */
export default fp(async (fastify) => {
  const { ttlMs, limit, requestStateKey } = fastify.config.sessions
  const instruments = fastify.instruments.sessions
  const { store } = fastify
  const changes = withinProcess(store.bus('changes', readChange))
  const bus = store.bus('sessions', readReplicaMessage)
  // What is offered from the start is no change, above all not to the clients of other replicas.
  let hasStarted = false
  const catalog = new Catalog((list) => { if (hasStarted) changes.publish({ list }) })
  const hooks: OperationHook[] = []
  const dispatch = createDispatch({
    catalog,
    hooks,
    explain: explainDustError,
    observer: fastify.tracing.observe(createOperationObserver(fastify))
  })
  const isLongRunning = (tool: string): boolean => catalog.tools.get(tool)?.isLongRunning === true
  const onPickUp = (): void => { fastify.instruments.mcp.pickedUp.inc() }
  const onStoreError = (error: unknown): void => { fastify.log.error({ err: error }, 'the store could not be used') }
  const shared = {
    serverInfo: { name: 'mcp-dust-server', title: 'Dust', version },
    capabilities: {
      tools: { listChanged: true }, resources: { subscribe: true, listChanged: true }, prompts: { listChanged: true }, logging: {}, completions: {}
    },
    instructions: INSTRUCTIONS,
    dispatch
  }
  const replica = new Replica({
    id: randomUUID(),
    registry: store.replicas,
    log: store.events,
    bus,
    onPickUp,
    onStoreError
  })
  const sessions = new SessionManager({
    store: store.sessions,
    isLasting: store.isLasting,
    ttlMs,
    limit,
    context: {
      ...shared,
      capabilities: { ...shared.capabilities, tasks: { cancel: {}, requests: { tools: { call: {} } } } },
      transport: {
        ...TIMING,
        retryMs: RETRY_MS,
        log: store.events,
        bus,
        replica: replica.id,
        isAlive: async (id) => (await store.replicas.alive()).includes(id),
        isLongRunning: (request) => isToolCall(request, isLongRunning),
        onStoreError
      },
      needsCredential: isKeyedCaller,
      onPickUp,
      isReplayable: (request) => request.method !== 'tools/call' || isToolCall(request, (name) => catalog.tools.get(name)?.isReplayable === true),
      save: async (id, wishes) => {
        try {
          await store.sessions.setWishes(id, wishes)
        } catch (error) {
          fastify.log.error({ err: error }, 'what the client of a session wants could not be kept')
        }
      }
    },
    onEvent: (event) => {
      fastify.log.debug({ event }, 'session')
      instruments.events.inc({ event: event.type })
      if ('durationMs' in event) instruments.duration.observe({ reason: DURATION_REASONS[event.type] }, event.durationMs / 1000)
    },
    onStoreError
  })
  const statelessLane = new StatelessLane({
    ...shared,
    ...TIMING,
    onFault: (words) => { fastify.log.debug({ fault: words }, 'fault in the MCP protocol layer') },
    changes,
    isLongRunning,
    requestStateKey: requestStateKey ?? randomBytes(32).toString('hex'),
    requestStateTtlSeconds: REQUEST_STATE_TTL_SECONDS
  })
  const endpoint = new Endpoint(sessions, statelessLane, replica)

  fastify.decorateRequest('isTold', false)
  fastify.decorate('mcp', {
    addTool: (definition, handler) => { catalog.addTool(definition, handler) },
    removeTool: (name) => catalog.tools.remove(name),
    addResource: (definition, reader) => { catalog.addResource(definition, reader) },
    removeResource: (uri) => catalog.resources.remove(uri),
    addResourceTemplate: (definition, reader) => { catalog.addResourceTemplate(definition, reader) },
    removeResourceTemplate: (uriTemplate) => catalog.templates.remove(uriTemplate),
    addPrompt: (definition, handler) => { catalog.addPrompt(definition, handler) },
    removePrompt: (name) => catalog.prompts.remove(name),
    change: (work, { isEverywhere = false } = {}) => {
      catalog.change(work, (lists) => {
        const tell = (): void => { for (const list of lists) isEverywhere ? changes.publishHere({ list }) : changes.publish({ list }) }
        if (isEverywhere && replica.hasOthers) setTimeout(tell, SETTLE_MS).unref()
        else tell()
      })
    },
    explainMissingTool: (explain) => { catalog.addExplanation(explain) },
    resourceUpdated: (resource) => { changes.publish({ resource }) },
    listChanged: (list) => { changes.publish({ list }) },
    addHook: (hook) => { hooks.push(hook) },
    inject: createInject(dispatch),
    get toolNames () { return catalog.tools.names },
    endpoint
  } satisfies Mcp)

  for (const event of ['created', 'restored', 'closed', 'expired', 'rejected']) instruments.events.inc({ event }, 0)
  for (const reason of Object.values(DURATION_REASONS)) instruments.duration.zero({ reason })
  fastify.instruments.onScrape(async () => {
    fastify.instruments.store.replicas.set(replica.count)
    // One of the replicas counts for all, so that the sum is right.
    instruments.active.set(replica.isFirst ? await store.sessions.count() : 0)
  })

  fastify.addHook('onReady', async () => {
    hasStarted = true
    sessions.start()
    await replica.start(sessions)
    changes.subscribe((change) => { sessions.tell(change) })
    // An alert can only see a counter rise that was there before.
    for (const group of new Set(catalog.tools.names.map((name) => catalog.tools.get(name)?.group ?? name))) {
      fastify.instruments.mcp.operationDuration.zero({ mcp_method_name: 'tools/call', gen_ai_tool_name: group, error_type: String(ErrorCode.InternalError) })
    }
  })
  fastify.addHook('onClose', () => endpoint.close())
}, { name: 'mcp', dependencies: ['config', 'metrics', 'tracing', 'recent-errors', 'dust', 'store'] })
