import Fastify, { type FastifyError, type FastifyInstance, type FastifyServerOptions } from 'fastify'
import { authenticate } from './authentication.ts'
import { Emulator, type EmulatorSettings } from './emulator.ts'
import { ApiError, invalidRequest } from './errors.ts'
import { addRequestFaults } from './faults/request-faults.ts'
import { actionRoutes } from './routes/actions.ts'
import { agentControlRoutes } from './routes/agent-control.ts'
import { agentRoutes } from './routes/agents.ts'
import { contentFragmentRoutes } from './routes/content-fragments.ts'
import { controlRoutes } from './routes/control.ts'
import { conversationRoutes } from './routes/conversations.ts'
import { eventRedirectRoutes, eventRoutes } from './routes/events.ts'
import { fileRoutes } from './routes/files.ts'
import { folderFileRoutes } from './routes/folder-files.ts'
import { knowledgeRoutes } from './routes/knowledge.ts'
import { messageRoutes } from './routes/messages.ts'
import { nodeSearchRoutes } from './routes/node-search.ts'
import { storageRoutes } from './routes/storage.ts'
import { workspaceRoutes } from './routes/workspace.ts'
import { schemaError } from './validation.ts'

export interface EmulatorOptions extends Partial<EmulatorSettings> {
  logger?: FastifyServerOptions['logger']
}

declare module 'fastify' {
  interface FastifyInstance {
    /** State, faults and records of the emulated workspace. Only on the app that `createEmulator` returns. */
    emulator: Emulator
  }
}

const defaults: EmulatorSettings = {
  apiKey: 'sk-demo',
  workspaceId: 'demo',
  seed: 1,
  pace: 1,
  connectionLifetimeMs: 60_000,
  pageSize: 50,
  historyTtlMs: 600_000,
  blockingWaitMs: 180_000,
  messagesPerMinute: null,
  uploadsPerMinute: null,
  limitWindowMs: 60_000,
  agents: 0
}

const bodyLimitBytes = 2 * 1024 * 1024
const conversations = '/assistant/conversations'

/**
 * A Dust workspace in a box. It speaks the public API of Dust as the real one does, with agents that need no model.
 *
 * @param options `pace` multiplies the agents' delays, 0 waits for nothing; `connectionLifetimeMs`, `historyTtlMs` and `blockingWaitMs` are real milliseconds
 * @returns an app that doesn't listen yet; closing it ends all runs and streams
 */
export function createEmulator ({ logger = false, ...settings }: EmulatorOptions = {}): FastifyInstance {
  const emulator = new Emulator({ ...defaults, ...settings })
  const { apiKey, workspaceId } = emulator.settings
  const app = Fastify({
    logger,
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 500 },
    schemaErrorFormatter: schemaError,
    // Dust doesn't turn numbers into texts, and an unknown field is none of its business.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false, discriminator: true } }
  })
  app.decorate('emulator', emulator)
  app.setErrorHandler<FastifyError | ApiError>((error, _request, reply) => {
    const answer = toApiError(error)
    if (answer.statusCode === 500) app.log.error(error)
    return reply.code(answer.statusCode).send(answer.body())
  })
  app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('404 Not Found'))
  readJsonBodies(app)

  app.register(controlRoutes, { prefix: '/_emulator' })
  app.register(agentControlRoutes, { prefix: '/_emulator' })
  app.register(storageRoutes, { prefix: '/_emulator/storage' })
  app.register(async (api) => {
    api.addHook('onRequest', async ({ routeOptions }) => {
      if (routeOptions.config.dustOperation !== undefined) emulator.count(routeOptions.config.dustOperation)
    })
    addRequestFaults(api, emulator.faults)
    api.addHook('onRequest', authenticate(apiKey, workspaceId))
    api.register(async (v1) => {
      v1.register(workspaceRoutes)
      v1.register(agentRoutes, { prefix: '/assistant' })
      v1.register(conversationRoutes, { prefix: conversations })
      v1.register(messageRoutes, { prefix: `${conversations}/:cId/messages` })
      v1.register(contentFragmentRoutes, { prefix: `${conversations}/:cId/content_fragments` })
      v1.register(actionRoutes, { prefix: `${conversations}/:cId` })
      v1.register(knowledgeRoutes, { prefix: '/spaces' })
      v1.register(nodeSearchRoutes, { prefix: '/search' })
      v1.register(fileRoutes, { prefix: '/files' })
      v1.register(folderFileRoutes, { prefix: `${conversations}/:cId` })
      v1.register(eventRedirectRoutes, { prefix: `${conversations}/:cId` })
    }, { prefix: '/api/v1/w/:wId' })
    api.register(eventRoutes, { prefix: `/api/sse/v1/w/:wId${conversations}/:cId` })
  })

  app.addHook('preClose', async () => emulator.close())
  return app
}

function toApiError (error: FastifyError | ApiError): ApiError {
  if (error instanceof ApiError) return error
  if (error.statusCode === 413) return new ApiError(413, 'content_too_large', 'The request body is too large.')
  if (error.statusCode !== undefined && error.statusCode < 500) return invalidRequest(error.message)
  return new ApiError(500, 'internal_server_error', `Unhandled internal server error: ${error.message}`)
}

/** An empty body is no body: Dust's own client announces JSON on requests that carry none. */
function readJsonBodies (app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, text, done) => {
    if (text === '') return done(null, undefined)
    try {
      done(null, JSON.parse(String(text)))
    } catch {
      done(invalidRequest('Invalid request body: Malformed JSON in request body'))
    }
  })
}
