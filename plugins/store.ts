import fp from 'fastify-plugin'
import { openStore } from '../src/store/open.ts'
import type { SessionStore } from '../src/store/session-store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Where sessions outlive the process. */
    store: SessionStore
  }
}

/** Opens the store that `STORE_URL` names. */
export default fp(async (fastify) => {
  const store = openStore(fastify.config.sessions.storeUrl)
  fastify.decorate('store', store)
  fastify.addHook('onClose', () => store.close())
}, { name: 'store', dependencies: ['config'] })
