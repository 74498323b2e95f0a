import fp from 'fastify-plugin'
import type { FastifyRequest } from 'fastify'
import { createAllowedPeers, isHostAllowed, isOriginAllowed } from '../src/allowed-peers.ts'

export interface Security {
  /** A hook for routes that a browser could be tricked into asking for. */
  refuseStrangers (request: FastifyRequest): Promise<void>
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

/** Knows under which names, and from which pages, requests may come. */
export default fp(async (fastify) => {
  const { host } = fastify.config.server
  const { allowedHosts, allowedOrigins } = fastify.config.access
  const peers = createAllowedPeers(host, allowedHosts, allowedOrigins)

  fastify.decorate('security', { refuseStrangers } satisfies Security)

  async function refuseStrangers ({ headers }: FastifyRequest): Promise<void> {
    if (!isHostAllowed(peers, headers.host)) throw new PeerNotAllowed('This host name isn\'t allowed: add it to ALLOWED_HOSTS')
    if (!isOriginAllowed(peers, headers.origin)) throw new PeerNotAllowed('Pages of this origin aren\'t allowed: add it to ALLOWED_ORIGINS')
  }
}, { name: 'security', dependencies: ['config', 'metrics'] })
