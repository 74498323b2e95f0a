import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify'
import { app } from './app.ts'
import type { Config } from './config.ts'

/** How long a client may take to send its request; answers may take as long as they want. */
const REQUEST_TIMEOUT_MS = 30_000

/** Makes the service as it runs in its own process. It doesn't listen yet. */
export async function createService (config: Config, logger: FastifyBaseLogger): Promise<FastifyInstance> {
  const fastify = Fastify({
    loggerInstance: logger,
    bodyLimit: config.server.bodyLimitBytes,
    trustProxy: config.server.trustProxy,
    requestTimeout: REQUEST_TIMEOUT_MS,
    genReqId: () => randomUUID()
  })
  await fastify.register(app, { config })
  return fastify
}
