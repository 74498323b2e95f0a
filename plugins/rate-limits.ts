import rateLimit, { normalizeIP } from '@fastify/rate-limit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { nameOf } from '../src/keyed-caller.ts'
import { isObject } from '../src/mcp/json-rpc.ts'
import { storeKindOf } from '../src/store/open.ts'
import type { createCounterConnection } from '../src/store/redis/counter-connection.ts'

export interface RateLimits {
  /**
   * Adds hooks to routes that look at credentials, which must come before those that do: too many wrong ones from an address, and
   * nobody looks at what comes from there until the window is over. An answer of 401 says that one was wrong.
   */
  guardCredentials (scope: FastifyInstance): void
  /** The same for one request: whether nobody looks at its credential. */
  isGuessing (request: FastifyRequest): Promise<boolean>
  /** Counts a request that brought a wrong credential without being answered with 401. */
  noteWrongCredential (request: FastifyRequest): Promise<void>
  /** Adds hooks to routes that do work for callers, which must come after those that say who calls. Each caller has as many requests as another. */
  limitCallers (scope: FastifyInstance): void
}

declare module 'fastify' {
  interface FastifyInstance {
    rateLimits: RateLimits
  }
  interface FastifyRequest {
    /** In how many seconds its caller, who has asked too often, may come again; 0 for one who hasn't. */
    retryAfterSeconds: number
  }
}

type Count = ReturnType<FastifyInstance['createRateLimit']>

/** A cancel, or a person's answer, is shorter. */
const SMALL_BODY_BYTES = 64 * 1024

/** More messages are no batch that anybody takes. */
const BATCH_LIMIT = 100

/** Somebody asks too often. */
class TooManyRequests extends Error {
  readonly code = 'RATE_LIMITED'
  readonly statusCode = 429
}

/** Counts what callers ask for, and who brings wrong credentials. */
export default fp(async (fastify) => {
  const { max, windowMs, wrongCredentials } = fastify.config.rateLimits
  const { trustProxy } = fastify.config.server
  const hasNames = fastify.config.access.mode !== 'none'
  const { refused, uncounted } = fastify.instruments.access
  const { storeUrl } = fastify.config.sessions
  const isShared = max > 0 && storeKindOf(storeUrl) === 'redis'
  let isCounting = true

  fastify.decorateRequest('retryAfterSeconds', 0)
  fastify.decorate('rateLimits', { guardCredentials, isGuessing, noteWrongCredential, limitCallers } satisfies RateLimits)

  // In this process alone: to ask Redis before each request would cost every caller a way there and back.
  const wrongOnes = await createCount(fastify, { max: wrongCredentials, windowMs, keyOf: addressOf })
  const redis = isShared ? (await import('../src/store/redis/counter-connection.ts')).createCounterConnection(storeUrl) : undefined
  const requests = await createCount(fastify, { max, windowMs, keyOf: hasNames ? callerOf : (request) => `address ${addressOf(request)}`, redis })
  // What isn't counted for it says so.
  redis?.on('error', () => {})
  fastify.addHook('onClose', async () => { redis?.disconnect() })

  function guardCredentials (scope: FastifyInstance): void {
    if (wrongCredentials === 0) return
    scope.addHook('onRequest', (request, reply, done) => {
      if (request.headers.authorization === undefined) return done()
      secondsUntilLooked(request).then((seconds) => {
        done(seconds > 0 ? refusal(reply, 'wrong_credentials', seconds, 'Too many wrong credentials came from this address; try again later') : undefined)
      }, done)
    })
    scope.addHook('onSend', (request, reply, _payload, done) => {
      // Tokens expire by themselves, and those of a whole office come from one address.
      const isWrong = reply.statusCode === 401 && request.headers.authorization !== undefined && request.refusedCredential !== 'expired'
      if (isWrong) noteWrongCredential(request).then(() => { done() }, done)
      else done()
    })
  }

  async function isGuessing (request: FastifyRequest): Promise<boolean> {
    return wrongCredentials > 0 && await secondsUntilLooked(request) > 0
  }

  /** Behind a proxy that isn't trusted everybody has its address: whoever guesses would shut all others out. */
  function isAnybodys ({ headers }: FastifyRequest): boolean {
    return trustProxy === false && (headers['x-forwarded-for'] !== undefined || headers.forwarded !== undefined)
  }

  /** 0 for now. */
  async function secondsUntilLooked (request: FastifyRequest): Promise<number> {
    if (isAnybodys(request)) return 0
    const seen = await wrongOnes(request, { increment: false })
    return seen.isAllowed || seen.remaining > 0 ? 0 : Math.max(1, seen.ttlInSeconds)
  }

  async function noteWrongCredential (request: FastifyRequest): Promise<void> {
    if (wrongCredentials === 0 || isAnybodys(request)) return
    const seen = await wrongOnes(request)
    if (seen.isAllowed || seen.remaining > 0 || seen.isExceeded) return
    request.log.warn({ address: seen.key, seconds: seen.ttlInSeconds }, 'too many wrong credentials came from an address: nobody looks at its credentials for a while')
  }

  function limitCallers (scope: FastifyInstance): void {
    if (max === 0) return
    scope.addHook('onRequest', async (request, reply) => {
      // Ending a session relieves, so it's never refused.
      if (request.method === 'DELETE') return
      const seconds = await countRequest(request)
      if (isSmallPost(request)) request.retryAfterSeconds = seconds
      else if (seconds > 0) refuseCaller(reply, seconds)
    })
    scope.addHook('preHandler', async (request, reply) => {
      const messages: unknown[] = Array.isArray(request.body) ? request.body : [request.body]
      if (request.retryAfterSeconds > 0 && !messages.every(isEnd)) refuseCaller(reply, request.retryAfterSeconds)
      // Each message of a batch counts like a request.
      const counts = await Promise.all(messages.slice(1, BATCH_LIMIT).map(() => countRequest(request)))
      const seconds = Math.max(0, ...counts)
      if (seconds > 0 && !messages.every(isEnd)) refuseCaller(reply, seconds)
    })
  }

  /** In how many seconds the caller may come again; 0 for now. */
  async function countRequest (request: FastifyRequest): Promise<number> {
    try {
      const seen = await requests(request)
      if (!isCounting) fastify.log.info('requests are counted again')
      isCounting = true
      return seen.isAllowed || !seen.isExceeded ? 0 : Math.max(1, seen.ttlInSeconds)
    } catch (error) {
      // Nobody is refused because we can't count.
      uncounted.inc()
      if (isCounting) fastify.log.error({ err: error }, 'requests can\'t be counted, so nobody is refused for too many')
      isCounting = false
      return 0
    }
  }

  function refuseCaller (reply: FastifyReply, seconds: number): never {
    throw refusal(reply, 'rate_limit', seconds, `Too many requests; try again in ${seconds} s`)
  }

  function refusal (reply: FastifyReply, reason: string, seconds: number, words: string): TooManyRequests {
    refused.inc({ reason })
    reply.header('retry-after', seconds)
    return new TooManyRequests(words)
  }
}, { name: 'rate-limits', dependencies: ['config', 'metrics'] })

interface CountOptions {
  max: number
  windowMs: number
  keyOf: (request: FastifyRequest) => string
  redis?: ReturnType<typeof createCounterConnection> | undefined
}

/** In a scope of its own, since the plugin knows one store. */
async function createCount (fastify: FastifyInstance, { max, windowMs, keyOf, redis }: CountOptions): Promise<Count> {
  const made = Promise.withResolvers<Count>()
  await fastify.register(async (scope) => {
    const settings = { max, timeWindow: windowMs, keyGenerator: keyOf, skipOnError: false }
    // An app around us that has the plugin, too, keeps its own function in this place: it must be told everything anew.
    const isTaken = scope.hasDecorator('createRateLimit')
    await scope.register(rateLimit, { ...settings, global: false, ...(redis === undefined ? {} : { redis, nameSpace: 'mcp:limit:' }) })
    made.resolve(scope.createRateLimit(isTaken ? settings : undefined))
  })
  return made.promise
}

/** Somebody with IPv6 has a whole /64 of addresses. */
function addressOf (request: FastifyRequest): string {
  // Of a client that has left there is no address.
  return normalizeIP(request.ip ?? '')
}

function callerOf (request: FastifyRequest): string {
  // Whoever makes keys up must not be somebody new with each.
  return `caller ${nameOf(request.caller)}`
}

function isSmallPost ({ method, headers }: FastifyRequest): boolean {
  return method === 'POST' && Number(headers['content-length'] ?? Infinity) <= SMALL_BODY_BYTES
}

/** A cancel, or an answer to a question of ours: both end work. */
function isEnd (message: unknown): boolean {
  return isObject(message) && (message['method'] === 'notifications/cancelled' || (message['method'] === undefined && message['id'] !== undefined))
}
