import type { TObject } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { DustError } from '../src/dust/errors.ts'
import { Catalog, type ToolDefinition, type ToolHandler } from '../src/mcp/catalog.ts'
import { createDispatch } from '../src/mcp/dispatch.ts'
import { SessionLane } from '../src/mcp/session-lane/session-lane.ts'
import { SessionManager } from '../src/mcp/session-lane/session-manager.ts'
import { version } from '../src/version.ts'

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

/** Serves the catalog of tools to MCP clients. */
export default fp(async (fastify) => {
  const { ttlMs, limit } = fastify.config.sessions
  const catalog = new Catalog()
  const dispatch = createDispatch({
    catalog,
    explain: (error) => error instanceof DustError ? error.message : null,
    observe: ({ fault, durationMs, ...operation }) => {
      const details = { mcp: { ...operation, durationMs: Math.round(durationMs) } }
      if (fault === null) fastify.log.info(details, 'operation')
      else fastify.log.error({ ...details, err: fault }, 'operation failed because of a fault')
    }
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
      saveLogLevel: (id, level) => fastify.store.setLogLevel(id, level),
      onFault: (words) => { fastify.log.warn({ fault: words }, 'fault in the MCP protocol layer') }
    },
    onEvent: (event) => { fastify.log.debug({ event }, 'session') },
    onStoreError: (error) => { fastify.log.error({ err: error }, 'sessions could not be swept') }
  })
  fastify.decorate('mcp', {
    addTool: (definition, handler) => { catalog.addTool(definition, handler) },
    get toolNames () { return catalog.toolNames },
    sessions,
    sessionLane: new SessionLane(sessions)
  } satisfies Mcp)

  fastify.addHook('onReady', async () => { sessions.start() })
  fastify.addHook('onClose', () => sessions.close())
}, { name: 'mcp', dependencies: ['config', 'dust', 'store'] })
