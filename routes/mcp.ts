import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { METHODS as NODE_METHODS } from 'node:http'
import type { StreamKind } from '../plugins/metrics/http.ts'
import { ErrorCode, jsonRpcError } from '../src/mcp/json-rpc.ts'
import type { HttpReply, HttpRequest } from '../src/mcp/http.ts'
import { startStream } from './start-stream.ts'

const METHODS = ['GET', 'POST', 'DELETE']

/** The MCP endpoint: Streamable HTTP in, JSON-RPC or an event stream out. Everything that goes wrong has JSON-RPC's shape. */
const mcpRoutes: FastifyPluginAsync = async (fastify) => {
  const { endpoint } = fastify.mcp
  const { instruments } = fastify
  const parseJson = fastify.getDefaultJsonParser('error', 'error')
  // Their timing must end with the head of an event stream.
  const config = { disableMetrics: true }
  const admitPages = fastify.security.admitPages(METHODS)

  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('cache-control', 'no-store')
    done()
  })
  fastify.addHook('onRequest', fastify.security.refuseStrangers)
  fastify.addHook('onRequest', admitPages)
  fastify.rateLimits.guardCredentials(fastify)
  fastify.addHook('onRequest', fastify.auth.identify)
  fastify.rateLimits.limitCallers(fastify)
  fastify.addHook('onRequest', fastify.callerKeys.take)

  fastify.removeContentTypeParser(['text/plain', 'application/json'])
  fastify.addContentTypeParser<string>('application/json', { parseAs: 'string' }, (request, body, done) => {
    // Some clients declare a body with every request, also where there is none.
    if (request.method === 'POST') parseJson(request, body, done)
    else done(null, undefined)
  })

  fastify.setErrorHandler<FastifyError>(async (error, request, reply) => {
    // Pressure refuses before all hooks of these routes; pages shall read when to come again, for which their preflights must pass.
    if (error.code === 'FST_UNDER_PRESSURE' && isPreflightAnswered(request, reply)) return reply
    const { status, code, message } = describe(error)
    // Under pressure, a line with a stack for every refusal would be more of the same.
    if (status === 500) request.log.error({ err: error }, 'request failed')
    else if (status > 500) request.log.warn({ code: error.code }, 'request refused')
    return reply.code(status).send(jsonRpcError(code, message))
  })

  fastify.post('/mcp', { config }, async (request, reply) => answer(reply, await endpoint.post(toHttpRequest(request, reply, 'request'))))
  fastify.get('/mcp', { config, exposeHeadRoute: false }, async (request, reply) => answer(reply, await endpoint.get(toHttpRequest(request, reply, 'standalone'))))
  // Ending a session relieves, so it's never refused.
  fastify.delete('/mcp', { config: { ...config, pressureHandler: () => {} } }, async (request, reply) => answer(reply, await endpoint.delete(toHttpRequest(request, reply, 'request'))))
  for (const method of NODE_METHODS) {
    if (!fastify.supportedMethods.includes(method) && method !== 'CONNECT') fastify.addHttpMethod(method)
  }
  fastify.route({
    config,
    method: fastify.supportedMethods.filter((method) => !METHODS.includes(method)),
    url: '/mcp',
    onRequest: refuseMethod, // before its body is looked at
    handler: refuseMethod
  })

  // An alert can only see a counter rise that was there before.
  for (const method of METHODS) {
    for (const status of [500, 503]) instruments.http.requests.inc({ method, path: `${fastify.prefix}/mcp`, status }, 0)
  }

  function isPreflightAnswered (request: FastifyRequest, reply: FastifyReply): boolean {
    let goesOn = false
    admitPages(request, reply, () => { goesOn = true })
    return !goesOn
  }

  function toHttpRequest (request: FastifyRequest, reply: FastifyReply, kind: StreamKind): HttpRequest {
    return {
      headers: request.headers,
      body: request.body,
      caller: request.caller,
      credential: request.credential,
      requestId: request.id,
      startStream: (headers) => startStream(reply, kind, headers),
      onOperation: () => { request.isTold = true },
      onEvent: () => { instruments.http.streamEvents.inc() },
      onBacklog: fastify.slowReaders.onBacklog,
      isClosed: () => reply.raw.closed,
      onClose: (listener) => {
        // While a hook of an embedder worked on the request, its client may have left.
        if (reply.raw.closed) listener()
        else reply.raw.once('close', listener)
      }
    }
  }
}

export default mcpRoutes

async function refuseMethod (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  return reply.code(405).header('allow', METHODS.join(', ')).send(jsonRpcError(ErrorCode.Refused, `Method not allowed: ${request.method}`))
}

function answer (reply: FastifyReply, result: HttpReply): FastifyReply {
  if (result === 'streaming') return reply
  const { status, headers = {}, body, json } = result
  reply.code(status).headers(headers)
  return json === undefined ? reply.send(body) : reply.type('application/json').send(json)
}

function describe (error: FastifyError): { status: number, code: number, message: string } {
  switch (error.code) {
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return { status: 415, code: ErrorCode.Refused, message: 'Unsupported Media Type: the body must be application/json' }
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return { status: 413, code: ErrorCode.Refused, message: 'Payload Too Large' }
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
    case 'FST_ERR_CTP_INVALID_JSON_BODY':
      return { status: 400, code: ErrorCode.ParseError, message: 'Parse error: the body is not JSON' }
    case 'FST_UNDER_PRESSURE':
      return { status: 503, code: ErrorCode.Refused, message: 'The server is overloaded; try again later' }
    case 'UNAUTHORIZED':
      return { status: 401, code: ErrorCode.Refused, message: error.message }
    case 'RATE_LIMITED':
      return { status: 429, code: ErrorCode.Refused, message: error.message }
    case 'AUTHORIZATION_UNAVAILABLE':
      return { status: 503, code: ErrorCode.InternalError, message: error.message }
    case 'DUST_KEY_REFUSED':
      return { status: 400, code: ErrorCode.Refused, message: error.message }
    case 'INSUFFICIENT_SCOPE':
    case 'PEER_NOT_ALLOWED':
      return { status: 403, code: ErrorCode.Refused, message: error.message }
    case 'STORE_UNAVAILABLE':
      return { status: 503, code: ErrorCode.InternalError, message: 'The session store can\'t be reached; try again later' }
    default:
      return (error.statusCode ?? 500) < 500
        ? { status: error.statusCode ?? 400, code: ErrorCode.InvalidRequest, message: error.message }
        : { status: 500, code: ErrorCode.InternalError, message: 'Internal error' }
  }
}
