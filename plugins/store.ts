import fp from 'fastify-plugin'
import { observeStore } from '../src/store/observed.ts'
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
  const { duration } = fastify.instruments.store
  const store = observeStore(openStore(fastify.config.sessions.storeUrl), ({ operation, outcome, durationMs }) => {
    duration.observe({ operation, outcome }, durationMs / 1000)
  })
  fastify.decorate('store', store)
  fastify.addHook('onClose', () => store.close())
}, { name: 'store', dependencies: ['config', 'metrics'] })
