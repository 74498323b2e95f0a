import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ApiError } from '../errors.ts'
import type { Faults } from './faults.ts'
import type { RequestFault, ResetMoment } from './fault.ts'

/** Lets the faults strike the requests of this scope, before anything else looks at them. */
export function addRequestFaults (scope: FastifyInstance, faults: Faults): void {
  const resets = new WeakMap<FastifyRequest, ResetMoment>()
  const closing = new AbortController()

  scope.addHook('onRequest', async (request, reply) => {
    const { dustOperation } = request.routeOptions.config
    if (dustOperation === undefined) return
    for (const fault of faults.forRequest(dustOperation)) {
      if (fault.kind === 'slow') await sleep(fault.delayMs, undefined, { signal: closing.signal })
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
    const text = String(payload)
    if (moment === 'after') request.raw.socket.destroy()
    else {
      raw.writeHead(reply.statusCode, { 'content-type': 'application/json; charset=utf-8', 'content-length': Buffer.byteLength(text) })
      raw.write(text.slice(0, text.length / 2), () => request.raw.socket.destroy())
    }
  })

  scope.addHook('preClose', async () => closing.abort())
}

function answer (fault: Exclude<RequestFault, { kind: 'slow' | 'reset' }>, reply: FastifyReply): FastifyReply {
  switch (fault.kind) {
    case 'rate_limit': throw rateLimited(fault.status)
    case 'error': throw new ApiError(fault.status, fault.type, fault.message)
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
