import fp from 'fastify-plugin'
import { RecentErrors } from '../src/recent-errors.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What went wrong last, for the status page. */
    recentErrors: RecentErrors
  }
}

/** Remembers what went wrong last. */
export default fp(async (fastify) => {
  fastify.decorate('recentErrors', new RecentErrors())
}, { name: 'recent-errors' })
