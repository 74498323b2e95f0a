import fp from 'fastify-plugin'

/** How long a client may take nothing of what waits for it. */
const PATIENCE_MS = 30_000

declare module 'fastify' {
  interface FastifyInstance {
    slowReaders: {
      /** Counts one that was cut, because too much waited for it. */
      onBacklog (): void
    }
  }
}

/** Cuts the connections of clients that don't read their answers: what waits for them takes memory. */
export default fp(async (fastify) => {
  const { readersCut } = fastify.instruments.http
  for (const reason of ['backlog', 'stalled']) readersCut.inc({ reason }, 0)

  fastify.decorate('slowReaders', { onBacklog: () => { readersCut.inc({ reason: 'backlog' }) } })

  fastify.addHook('onRequest', (_request, reply, done) => {
    const { raw } = reply
    // Without a handler Node ends whatever was silent for so long; an answer may take its time.
    raw.setTimeout(PATIENCE_MS, () => {
      if (raw.writableLength === 0) return
      readersCut.inc({ reason: 'stalled' })
      raw.destroy()
    })
    done()
  })
}, { name: 'slow-readers', dependencies: ['metrics'] })
