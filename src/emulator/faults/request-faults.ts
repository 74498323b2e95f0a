import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorTypes } from '../error-types.ts'
import { ApiError } from '../errors.ts'
import type { Faults } from './faults.ts'
import type { RequestFault, ResetMoment } from './fault.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Where the answer has to send the caller, by order of a fault. */
    foreignUrl: string | null
  }
}

/** Lets the faults strike the requests of this scope, before anything else looks at them. */
export function addRequestFaults (scope: FastifyInstance, faults: Faults): void {
  const resets = new WeakMap<FastifyRequest, ResetMoment>()
  const closing = new AbortController()
  scope.decorateRequest('foreignUrl', null)

  scope.addHook('onRequest', async (request, reply) => {
    const { dustOperation } = request.routeOptions.config
    if (dustOperation === undefined) return
    for (const fault of faults.forRequest(dustOperation)) {
      if (fault.kind === 'slow') await sleep(fault.delayMs, undefined, { signal: closing.signal })
      else if (fault.kind === 'foreign_url') request.foreignUrl = fault.url
      else if (fault.kind !== 'reset') return answer(fault, reply)
      else if (fault.when === 'after' || fault.when === 'mid_answer') resets.set(request, fault.when)
      else {
        reply.hijack()
        request.raw.socket.destroy()
        return reply
      }
    }
  })

  // With callbacks, because an answer whose connection died must never be sent: `done` isn't called.
  scope.addHook('onSend', (request, reply, payload, done) => {
    const moment = resets.get(request)
    if (moment === undefined) return done(null, payload)
    const { raw } = reply
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(String(payload))
    if (moment === 'after') request.raw.socket.destroy()
    else {
      raw.writeHead(reply.statusCode, { 'content-type': String(reply.getHeader('content-type')), 'content-length': bytes.length })
      raw.write(bytes.subarray(0, bytes.length / 2), () => request.raw.socket.destroy())
    }
  })

  scope.addHook('preClose', async () => closing.abort())
}

function answer (fault: Exclude<RequestFault, { kind: 'slow' | 'foreign_url' | 'reset' }>, reply: FastifyReply): FastifyReply {
  switch (fault.kind) {
    case 'rate_limit': throw rateLimited(fault.status)
    case 'error': throw new ApiError(fault.status ?? errorTypes.get(fault.type) ?? 500, fault.type, fault.message ?? 'This was ordered.')
    case 'invalid_key': throw invalidKey()
    case 'html': return reply.code(fault.status).type('text/html').send(`<html><head><title>${fault.status}</title></head><body><h1>${fault.status}</h1><hr>proxy</body></html>`)
    case 'text': return reply.code(fault.status).type('text/plain').send(fault.status === 404 ? '404 Not Found' : `${fault.status}`)
  }
}

export function rateLimited (status: 403 | 429 = 429): ApiError {
  return new ApiError(status, 'rate_limit_error', 'Rate limit exceeded. Please retry later.')
}

export function invalidKey (): ApiError {
  return new ApiError(401, 'invalid_api_key_error', 'The API key provided is invalid or disabled.')
}
