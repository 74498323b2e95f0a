import fp from 'fastify-plugin'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import { createAllowedPeers, isHostAllowed, isOriginAllowed } from '../src/allowed-peers.ts'
import { corsHeaders, isPreflight, preflightHeaders } from '../src/cors.ts'

export interface Security {
  /** A hook for routes that a browser could be tricked into asking for. */
  refuseStrangers (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void
  /**
   * Makes a hook for routes that web pages of `ALLOWED_ORIGINS` may use: answers their preflights, before anybody asks for a credential,
   * and lets them read what they get. The routes must take OPTIONS, or the hook is never reached by a preflight.
   *
   * @param methods with which pages may ask
   */
  admitPages (methods: readonly string[]): (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void
}

declare module 'fastify' {
  interface FastifyInstance {
    security: Security
  }
}

/** A request was made under a name, or from a page, that isn't allowed. */
class PeerNotAllowed extends Error {
  readonly code = 'PEER_NOT_ALLOWED'
  readonly statusCode = 403
}

/** Why requests are refused, here and elsewhere. */
const REASONS = ['host', 'origin', 'rate_limit', 'wrong_credentials', 'large_head', 'slow', 'malformed']

/** Knows under which names, and from which pages, requests may come. */
export default fp(async (fastify) => {
  const { host } = fastify.config.server
  const { allowedHosts, allowedOrigins } = fastify.config.access
  const { refused } = fastify.instruments.access
  const peers = createAllowedPeers(host, allowedHosts, allowedOrigins)
  const pages = new Set(allowedOrigins.map((origin) => origin.toLowerCase()))

  // An alert can only see a counter rise that was there before.
  for (const reason of REASONS) refused.inc({ reason }, 0)
  fastify.decorate('security', { refuseStrangers, admitPages } satisfies Security)

  function refuseStrangers ({ headers }: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void {
    if (!isHostAllowed(peers, headers.host)) {
      refused.inc({ reason: 'host' })
      return done(new PeerNotAllowed('This host name isn\'t allowed: add it to ALLOWED_HOSTS'))
    }
    if (!isOriginAllowed(peers, headers.origin)) {
      refused.inc({ reason: 'origin' })
      return done(new PeerNotAllowed('Pages of this origin aren\'t allowed: add it to ALLOWED_ORIGINS'))
    }
    done()
  }

  function admitPages (methods: readonly string[]): ReturnType<Security['admitPages']> {
    return ({ method, headers }, reply, done) => {
      if (headers.origin === undefined || !pages.has(headers.origin)) return done()
      reply.headers(corsHeaders(headers.origin))
      if (isPreflight(method, headers)) reply.headers(preflightHeaders(methods, headers)).code(204).send()
      else done()
    }
  }
}, { name: 'security', dependencies: ['config', 'metrics'] })
