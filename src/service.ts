import { randomUUID } from 'node:crypto'
import { STATUS_CODES, type IncomingMessage } from 'node:http'
import Fastify, { LogController, type FastifyBaseLogger, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { app } from './app.ts'
import { answerClientError, reasonOfClientError } from './client-errors.ts'
import type { Config } from './config.ts'
import { serializers } from './logger.ts'
import { REQUEST_ID_HEADER } from './mcp/http.ts'
import { quietPaths } from './quiet-paths.ts'
import { RequestLogger } from './request-logger.ts'
import { SECURITY_HEADERS } from './security-headers.ts'

/** How long a client may take to send its request; answers may take as long as they want. */
const REQUEST_TIMEOUT_MS = 30_000

const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** What nginx calls a request whose client went away. */
const CLIENT_CLOSED_REQUEST = 499

/**
 * Makes the service as it runs in its own process. It doesn't listen yet.
 *
 * @param logLineCounts lines logged so far, by level, for a metric
 */
export async function createService (config: Config, logger: FastifyBaseLogger, logLineCounts: Readonly<Record<string, number>> = {}): Promise<FastifyInstance> {
  const fastify: FastifyInstance = Fastify({
    loggerInstance: logger.child({}, { serializers }),
    logController: new RequestLog(quietPaths(config)),
    bodyLimit: config.server.bodyLimitBytes,
    trustProxy: config.server.trustProxy,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // How often Node looks for requests that have taken too long.
    http: { headersTimeout: REQUEST_TIMEOUT_MS, connectionsCheckingInterval: 5000 },
    genReqId: requestIdOf,
    childLoggerFactory: (parent, bindings, options) => new RequestLogger(parent, bindings, options),
    clientErrorHandler: (error, socket) => {
      fastify.log.trace({ err: error }, 'client error')
      const reason = reasonOfClientError(error, socket)
      if (reason === undefined) {
        socket.destroy()
        return
      }
      const { remoteAddress } = socket
      const statusCode = answerClientError(reason, socket)
      fastify.instruments.access.refused.inc({ reason })
      // Browsers open connections that they then don't use.
      fastify.log[reason === 'slow' ? 'debug' : 'info']({ remoteAddress, res: { statusCode } }, 'connection cut: what came is no request that anybody takes')
    },
    // An address that can't be decoded reaches no route and no hook.
    frameworkErrors: ({ code, statusCode = 400 }, request, reply) => {
      const { raw } = reply
      request.log.info({ req: request, res: { statusCode } }, 'request completed')
      fastify.instruments.watch(request, reply)
      raw.writeHead(statusCode, { ...SECURITY_HEADERS, 'content-type': 'application/json', [REQUEST_ID_HEADER]: request.id })
      raw.end(JSON.stringify({ statusCode, code, error: STATUS_CODES[statusCode], message: 'The address can\'t be read' }))
    }
  })
  fastify.addHook('onRequest', (request, reply, done) => {
    reply.header(REQUEST_ID_HEADER, request.id).headers(SECURITY_HEADERS)
    done()
  })
  // Fastify's own words repeat the address, in which there may be anything.
  fastify.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ statusCode: 404, error: STATUS_CODES[404], message: 'There is nothing at this address' }))
  try {
    await fastify.register(app, { config, logLineCounts, ownsRoot: true })
  } catch (error) {
    // What did start, such as the store, must not stay open in the process of whoever called.
    await fastify.close()
    throw error
  }
  return fastify
}

/** The client's own id, if it has the shape of one, so that its logs and ours can be read together. */
function requestIdOf ({ headers }: IncomingMessage): string {
  const id = headers[REQUEST_ID_HEADER]
  return typeof id === 'string' && REQUEST_ID.test(id) ? id : randomUUID()
}

/** One line for each request, when it's over. At level debug also when it begins, for probes and scrapes, and for those whose operation has a line. */
class RequestLog extends LogController {
  readonly #quietPaths: ReadonlySet<string | undefined>

  constructor (quietPaths: string[]) {
    super()
    this.#quietPaths = new Set(quietPaths)
  }

  override incomingRequest (request: FastifyRequest, reply: FastifyReply): void {
    request.log.debug({ req: request }, 'incoming request')
    reply.raw.once('close', () => {
      if (!reply.raw.writableFinished) this.#log(request, reply, CLIENT_CLOSED_REQUEST, 'request aborted')
    })
  }

  override requestCompleted (error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply): void {
    if (error) reply.log.warn({ err: error }, 'reply broke off')
    else this.#log(request, reply, reply.statusCode, 'request completed')
  }

  override defaultErrorLog (error: Error, request: FastifyRequest, reply: FastifyReply): void {
    // Under pressure, a line with a stack for every refusal would be more of the same.
    if (reply.statusCode === 503) reply.log.warn({ req: request, code: 'code' in error ? error.code : undefined }, 'request refused')
    else if (reply.statusCode >= 500) reply.log.error({ req: request, err: error }, 'request failed')
    else reply.log.debug({ req: request, err: error }, 'request refused')
  }

  /** Its status says it. */
  override routeNotFound (): void {}

  #log (request: FastifyRequest, reply: FastifyReply, statusCode: number, message: string): void {
    const isQuiet = this.#quietPaths.has(request.routeOptions.url) || (request.isTold && statusCode === 200)
    request.log[isQuiet ? 'debug' : 'info']({ req: request, res: { statusCode }, responseTime: Math.round(reply.elapsedTime * 10) / 10 }, message)
  }
}
