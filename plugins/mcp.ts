import type { TObject } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { DustError, dustErrorDetails } from '../src/dust/errors.ts'
import { Catalog, type ToolDefinition, type ToolHandler } from '../src/mcp/catalog.ts'
import { createDispatch } from '../src/mcp/dispatch.ts'
import { ErrorCode } from '../src/mcp/json-rpc.ts'
import { SessionLane } from '../src/mcp/session-lane/session-lane.ts'
import { SessionManager } from '../src/mcp/session-lane/session-manager.ts'
import { version } from '../src/version.ts'
import { createOperationObserver } from './mcp/operation-observer.ts'

export interface Mcp {
  /**
   * Offers a tool to every MCP client.
   *
   * @param handler gets checked arguments; throw a `ToolError` to tell the model what went wrong
   * @throws {CatalogError} when the name is taken or not allowed, or a schema can't be compiled
   */
  addTool<Input extends TObject, Output extends TObject> (definition: ToolDefinition<Input, Output>, handler: ToolHandler<Input, Output>): void
  readonly toolNames: string[]
  readonly sessions: SessionManager
  readonly sessionLane: SessionLane
}

declare module 'fastify' {
  interface FastifyInstance {
    mcp: Mcp
  }
}

const INSTRUCTIONS = 'Ask the AI agents of a Dust workspace. List them with dust_list_agents, ask one with dust_ask_agent, ' +
  'and go on in the same conversation by passing the conversationId of the answer. Agents can take minutes; their progress is reported meanwhile.'

/** Time without an answer after which a reply becomes an event stream, and between comments on a silent one. */
const TIMING = { upgradeAfterMs: 2000, keepAliveMs: 15_000 }

/** How the metrics name the ends of sessions. */
const DURATION_REASONS = { closed: 'client_close', expired: 'idle_timeout' } as const

/** Serves the catalog of tools to MCP clients. */
export default fp(async (fastify) => {
  const { ttlMs, limit } = fastify.config.sessions
  const instruments = fastify.instruments.sessions
  const catalog = new Catalog()
  const dispatch = createDispatch({
    catalog,
    explain: (error) => error instanceof DustError ? { message: error.message, details: { dust: dustErrorDetails(error) } } : null,
    observer: createOperationObserver(fastify)
  })
  const sessions = new SessionManager({
    store: fastify.store,
    ttlMs,
    limit,
    context: {
      serverInfo: { name: 'mcp-dust-server', title: 'Dust', version },
      capabilities: { tools: {}, logging: {} },
      instructions: INSTRUCTIONS,
      dispatch,
      timing: TIMING,
      saveLogLevel: async (id, level) => {
        try {
          await fastify.store.setLogLevel(id, level)
        } catch (error) {
          fastify.log.error({ err: error }, 'the log level of a session could not be kept')
        }
      },
      onFault: (words) => { fastify.log.debug({ fault: words }, 'fault in the MCP protocol layer') }
    },
    onEvent: (event) => {
      fastify.log.debug({ event }, 'session')
      instruments.events.inc({ event: event.type })
      if ('durationMs' in event) instruments.duration.observe({ reason: DURATION_REASONS[event.type] }, event.durationMs / 1000)
    },
    onStoreError: (error) => { fastify.log.error({ err: error }, 'the session store could not be used') }
  })
  fastify.decorate('mcp', {
    addTool: (definition, handler) => { catalog.addTool(definition, handler) },
    get toolNames () { return catalog.toolNames },
    sessions,
    sessionLane: new SessionLane(sessions)
  } satisfies Mcp)

  for (const event of ['created', 'restored', 'closed', 'expired', 'rejected']) instruments.events.inc({ event }, 0)
  for (const reason of Object.values(DURATION_REASONS)) instruments.duration.zero({ reason })
  fastify.instruments.onScrape(async () => { instruments.active.set(await fastify.store.count()) })

  fastify.addHook('onReady', async () => {
    sessions.start()
    // An alert can only see a counter rise that was there before.
    for (const tool of catalog.toolNames) {
      fastify.instruments.mcp.operationDuration.zero({ mcp_method_name: 'tools/call', gen_ai_tool_name: tool, error_type: String(ErrorCode.InternalError) })
    }
  })
  fastify.addHook('onClose', () => sessions.close())
}, { name: 'mcp', dependencies: ['config', 'metrics', 'dust', 'store'] })
