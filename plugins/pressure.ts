import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'

/** When a refused client may come again. */
const RETRY_AFTER_SECONDS = 10

/**
 * Measures event loop and memory once a second (`fastify.memoryUsage()`), and answers 503 with `Retry-After` while a limit is exceeded.
 * A route that must answer nevertheless has a `pressureHandler` that does nothing in its `config`.
 *
 * Dust is none of its business: a failing check here would refuse everything.
 *
 * @see https://github.com/fastify/under-pressure
 */
export default fp(async (fastify) => {
  const { maxEventLoopDelayMs, maxEventLoopUtilization, maxHeapBytes, maxRssBytes } = fastify.config.pressure
  await fastify.register(underPressure, {
    maxEventLoopDelay: maxEventLoopDelayMs, // 0 is off, here and below
    maxEventLoopUtilization,
    eventLoopUtilizationMode: 'interval', // the other mode is the average since the start
    maxHeapUsedBytes: maxHeapBytes,
    maxRssBytes,
    retryAfter: RETRY_AFTER_SECONDS
  })
}, { name: 'pressure', dependencies: ['config'] })
