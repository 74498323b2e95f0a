import fp from 'fastify-plugin'
import { ReaderWatch } from '../src/reader-watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    slowReaders: {
      /** Counts one that was cut because too much waited for it. */
      onBacklog (): void
    }
  }
}

const LIMITS = { patienceMs: 30_000, limitBytes: 64 * 1024 ** 2, everyMs: 250 }

/** Cuts the connections of clients that don't read their answers. */
export default fp(async (fastify) => {
  const { readersCut } = fastify.instruments.http
  const watch = new ReaderWatch({ ...LIMITS, onCut: (reason) => { readersCut.inc({ reason }) } })
  for (const reason of ['backlog', 'stalled', 'crowd']) readersCut.inc({ reason }, 0)

  fastify.decorate('slowReaders', { onBacklog: () => { readersCut.inc({ reason: 'backlog' }) } })

  fastify.addHook('onRequest', (request, _reply, done) => {
    watch.add(request.raw.socket)
    done()
  })
  watch.start()
  fastify.addHook('onClose', async () => { watch.stop() })
}, { name: 'slow-readers', dependencies: ['metrics'] })
