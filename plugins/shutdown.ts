import fp from 'fastify-plugin'
import { setTimeout as pause } from 'node:timers/promises'

declare module 'fastify' {
  interface FastifyInstance {
    /**
     * Takes no new MCP requests and resolves when the running ones are done, or `DRAIN_TIMEOUT` is over. Meanwhile probes and
     * scrapes are answered as ever, and cancels still come in. To be called before `close`, which does it too, but deaf.
     */
    drain (): Promise<void>
    /** Has a function called when the service begins to drain, to end what nobody shall wait for. */
    onDrain (listener: () => void): void
  }
}

const SWEEP_INTERVAL_MS = 100
/** How long connections may hang on when no reply is open any more, or after the running calls were told to stop. */
const GRACE_MS = 1000

/**
 * Ends connections in an order that loses nothing: idle streams at once, running calls when they are done
 * or `DRAIN_TIMEOUT` is over, and at last everything else that would keep the server from closing.
 */
export default fp(async (fastify) => {
  const { drainTimeoutMs } = fastify.config.server
  const { endpoint } = fastify.mcp
  let openReplies = 0
  let deadline: number | undefined
  let sweep: NodeJS.Timeout | undefined
  const listeners: Array<() => void> = []

  const onFault = (error: unknown): void => { fastify.log.error({ err: error }, 'running calls could not be left to another process') }
  const isBusy = (): boolean => openReplies > 0

  fastify.decorate('drain', async () => {
    const end = beginToDrain()
    while (isBusy() && Date.now() < end) await pause(SWEEP_INTERVAL_MS)
  })

  fastify.decorate('onDrain', (listener) => { listeners.push(listener) })

  // From when the whole request is here: one that never comes to its end must not hold us up.
  // Until the close, not onResponse: that doesn't fire for a stream whose client goes away.
  fastify.addHook('preValidation', (_request, reply, done) => {
    openReplies++
    reply.raw.once('close', () => { openReplies-- })
    done()
  })

  // The server stops listening right after this hook, and its close waits for all connections.
  fastify.addHook('preClose', async () => {
    const end = beginToDrain()
    let lastBusyAt = Date.now()
    let isCut = false
    sweep = setInterval(() => {
      const now = Date.now()
      if (isBusy()) lastBusyAt = now
      if (now >= end && isBusy() && !isCut) {
        isCut = true
        fastify.log.warn({ openReplies }, 'calls are still running at the end of DRAIN_TIMEOUT; they are told to stop')
        endpoint.stopRunning().catch(onFault)
      }
      // Fastify looks for idle connections once; a busy one becomes idle later, a silent one was never busy.
      if (now >= Math.min(lastBusyAt, end) + GRACE_MS) fastify.server.closeAllConnections()
      else fastify.server.closeIdleConnections()
    }, SWEEP_INTERVAL_MS)
  })
  fastify.addHook('onClose', async () => { clearInterval(sweep) })

  /** When the running calls have to be done. */
  function beginToDrain (): number {
    fastify.health.drain()
    if (deadline !== undefined) return deadline
    deadline = Date.now() + drainTimeoutMs
    endpoint.drain().catch(onFault)
    for (const listener of listeners) listener()
    return deadline
  }
}, { name: 'shutdown', dependencies: ['config', 'health', 'mcp'] })
