import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import fp from 'fastify-plugin'
import type { IncomingMessage } from 'node:http'
import { DustCredential, KEY_HEADER, WORKSPACE_HEADER } from '../src/dust/client.ts'
import { isKeyedCaller, keyedCaller } from '../src/keyed-caller.ts'

export interface CallerKeys {
  /**
   * A hook for routes that act for somebody in Dust, after `auth.identify`: takes the key that the caller has brought off the request, and
   * makes who calls somebody else with each key. Refuses what is no key, and a request without one that nobody else's would do for.
   */
  take (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void
}

declare module 'fastify' {
  interface FastifyInstance {
    callerKeys: CallerKeys
  }
  interface FastifyRequest {
    /** What the caller has brought to act with in Dust, for `dust.for`; `null` when it's nothing. */
    credential: object | null
  }
}

/** A request came with what is no key, without one, or with one that isn't wanted. The message has nothing of it. */
class DustKeyRefused extends Error {
  readonly code = 'DUST_KEY_REFUSED'
  readonly statusCode = 400

  constructor (reason: string) {
    super(`Bad Request: ${reason}`)
  }
}

/** Callers who bring a key of Dust of their own (DUST_KEY_PASSTHROUGH). */
export default fp(async (fastify) => {
  const { hasKeyPassthrough, credentials } = fastify.config.dust
  const { authFailures } = fastify.instruments.access

  fastify.decorateRequest('credential', null)
  fastify.decorate('callerKeys', { take } satisfies CallerKeys)
  authFailures.inc({ reason: 'dust_key' }, 0)
  if (hasKeyPassthrough && credentials !== null) fastify.log.warn('callers who bring no key of their own use DUST_API_KEY: DUST_KEY_PASSTHROUGH is on, and both are set')

  function take (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
    const key = takeHeader(request.raw, KEY_HEADER)
    const workspace = takeHeader(request.raw, WORKSPACE_HEADER)
    const credential = read(key, workspace)
    if (typeof credential === 'string') return done(refused(credential))
    // A name that looks so would be taken for somebody's with a key.
    if (isKeyedCaller(request.caller)) return done(refused('this name can\'t be used here'))
    if (credential !== null) {
      request.credential = credential
      request.caller = keyedCaller(request.caller, credential.fingerprint)
    }
    done()
  }

  /** @returns `null` for one who needs none and brings none, and a text for what is wrong */
  function read (key: string | undefined, workspace: string | undefined): DustCredential | string | null {
    if (key === undefined && workspace === undefined) return hasKeyPassthrough && credentials === null ? `this server needs your own key of Dust: send ${KEY_HEADER} and ${WORKSPACE_HEADER}` : null
    // Somebody who means to use their own workspace must not use another one instead.
    if (!hasKeyPassthrough) return `this server takes no keys of its callers: leave ${KEY_HEADER} and ${WORKSPACE_HEADER} out`
    if (key === undefined) return `${KEY_HEADER} is missing; it belongs to ${WORKSPACE_HEADER}`
    if (workspace === undefined) return `${WORKSPACE_HEADER} is missing; it belongs to ${KEY_HEADER}`
    return DustCredential.read(key, workspace)
  }

  function refused (reason: string): DustKeyRefused {
    authFailures.inc({ reason: 'dust_key' })
    return new DustKeyRefused(reason)
  }
}, { name: 'caller-keys', dependencies: ['config', 'metrics', 'auth'] })

/** Nothing that comes later, be it a log or another hook, shall see it. */
function takeHeader ({ headers, rawHeaders }: IncomingMessage, name: string): string | undefined {
  const value = headers[name]
  if (value === undefined) return undefined
  delete headers[name]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    if (rawHeaders[index]?.toLowerCase() === name) rawHeaders[index + 1] = '(hidden)'
  }
  return String(value)
}
