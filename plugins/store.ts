import fp from 'fastify-plugin'
import { observeStore } from '../src/store/observed.ts'
import { openStore } from '../src/store/open.ts'
import type { Store } from '../src/store/store.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What outlives the process, and what replicas have in common. */
    store: Store
  }
}

/** Opens the store that `STORE_URL` names. */
export default fp(async (fastify) => {
  const { duration } = fastify.instruments.store
  const { storeUrl, eventLogLimitBytes } = fastify.config.sessions
  const store = observeStore(await openStore(storeUrl, { limits: { charactersInAll: eventLogLimitBytes } }), ({ operation, outcome, durationMs }) => {
    duration.observe({ operation, outcome }, durationMs / 1000)
  })
  fastify.decorate('store', store)
  fastify.addHook('onClose', () => store.close())
}, { name: 'store', dependencies: ['config', 'metrics'] })
