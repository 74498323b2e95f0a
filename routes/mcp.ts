import type { FastifyError, FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify'
import { ErrorCode, jsonRpcError } from '../src/mcp/json-rpc.ts'
import type { HttpReply, HttpRequest } from '../src/mcp/session-lane/http.ts'

const METHODS = ['GET', 'POST', 'DELETE']
const OTHER_METHODS = ['HEAD', 'PUT', 'PATCH', 'OPTIONS']

/** The MCP endpoint: Streamable HTTP in, JSON-RPC or an event stream out. Everything that goes wrong has JSON-RPC's shape. */
const mcpRoutes: FastifyPluginAsync = async (fastify) => {
  const { sessionLane } = fastify.mcp

  fastify.removeContentTypeParser('text/plain')
  fastify.setErrorHandler<FastifyError>((error, request, reply) => {
    const { status, code, message } = describe(error)
    if (status >= 500) request.log.error({ err: error }, 'request failed')
    return reply.code(status).send(jsonRpcError(code, message))
  })

  fastify.post('/mcp', async (request, reply) => answer(reply, await sessionLane.post(toHttpRequest(request, reply))))
  fastify.get('/mcp', { exposeHeadRoute: false }, async (request, reply) => answer(reply, await sessionLane.get(toHttpRequest(request, reply))))
  fastify.delete('/mcp', async (request, reply) => answer(reply, await sessionLane.delete(toHttpRequest(request, reply))))
  fastify.route({
    method: OTHER_METHODS,
    url: '/mcp',
    handler: async (request, reply) => reply.code(405).header('allow', METHODS.join(', '))
      .send(jsonRpcError(ErrorCode.Refused, `Method not allowed: ${request.method}`))
  })
}

export default mcpRoutes

function toHttpRequest (request: FastifyRequest, reply: FastifyReply): HttpRequest {
  return {
    headers: request.headers,
    body: request.body,
    caller: 'anonymous',
    startStream: (headers) => {
      reply.hijack()
      for (const [name, value] of Object.entries(reply.getHeaders())) {
        if (value !== undefined) reply.raw.setHeader(name, value)
      }
      reply.raw.writeHead(200, headers)
      reply.raw.flushHeaders()
      return reply.raw
    },
    onClose: (listener) => { reply.raw.once('close', listener) }
  }
}

function answer (reply: FastifyReply, result: HttpReply): FastifyReply {
  if (result === 'streaming') return reply
  return reply.code(result.status).headers(result.headers ?? {}).send(result.body)
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
    case 'STORE_UNAVAILABLE':
      return { status: 503, code: ErrorCode.InternalError, message: 'The session store can\'t be reached; try again later' }
    default:
      return (error.statusCode ?? 500) < 500
        ? { status: error.statusCode ?? 400, code: ErrorCode.InvalidRequest, message: error.message }
        : { status: 500, code: ErrorCode.InternalError, message: 'Internal error' }
  }
}
