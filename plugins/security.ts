import fp from 'fastify-plugin'
import { createAllowedPeers, isHostAllowed, isOriginAllowed } from '../src/allowed-peers.ts'

/** A request was made under a name, or from a page, that isn't allowed. */
class PeerNotAllowed extends Error {
  readonly code = 'PEER_NOT_ALLOWED'
  readonly statusCode = 403
}

/** Refuses MCP requests that a browser was tricked into. Probes and scrapes come by addresses, and change nothing. */
export default fp(async (fastify) => {
  const { host } = fastify.config.server
  const { allowedHosts, allowedOrigins } = fastify.config.access
  // An app that takes the service in may put it under a prefix.
  const url = `${fastify.prefix}/mcp`
  const peers = createAllowedPeers(host, allowedHosts, allowedOrigins)

  fastify.addHook('onRequest', async ({ routeOptions, headers }) => {
    if (routeOptions.url !== url) return
    if (!isHostAllowed(peers, headers.host)) throw new PeerNotAllowed('This host name isn\'t allowed: add it to ALLOWED_HOSTS')
    if (!isOriginAllowed(peers, headers.origin)) throw new PeerNotAllowed('Pages of this origin aren\'t allowed: add it to ALLOWED_ORIGINS')
  })
}, { name: 'security', dependencies: ['config', 'metrics'] })
