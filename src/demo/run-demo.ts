import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { loadConfigOrExit } from '../config/load-or-exit.ts'
import { createEmulator } from '../emulator/app.ts'
import { createLogger } from '../logger.ts'
import { createService } from '../service.ts'
import { connectingGuide } from './connecting-guide.ts'
import { movedMetrics, readMetrics } from './moved-metrics.ts'
import { tellStory } from './story.ts'
import { keepVisiting } from './visitors.ts'

const DRAIN_TIMEOUT_MS = 5000
const VISITORS = 4
/** Between two questions of a visitor. */
const REST_MS = 4000

/** Starts the server beside an emulated workspace and plays a client against it. */
export async function runDemo ({ isOnce }: { isOnce: boolean }): Promise<void> {
  const emulator = createEmulator({ pace: 0.5 })
  const emulatorAddress = await listen(emulator, 5055)
  const { apiKey, workspaceId } = emulator.emulator.settings

  const config = loadConfigOrExit({
    DUST_BASE_URL: emulatorAddress,
    DUST_API_KEY: apiKey,
    DUST_WORKSPACE_ID: workspaceId,
    STORE_URL: 'sqlite::memory:',
    DRAIN_TIMEOUT: `${DRAIN_TIMEOUT_MS}ms`,
    // A machine that is busy with something else would have the story refused.
    PRESSURE_MAX_EVENT_LOOP_DELAY: '0s',
    LOG_LEVEL: 'warn',
    LOG_FORMAT: 'pretty',
    PORT: process.env['PORT']
  })
  const { logger, lineCounts } = createLogger(config.logs)
  const service = await createService(config, logger, lineCounts)
  const address = await listen(service, config.server.port)

  let isClosing = false
  const over = new AbortController()
  const { close } = closeWithGrace({ delay: DRAIN_TIMEOUT_MS * 2 }, async ({ err }) => {
    isClosing = true
    if (err) console.error(err)
    over.abort()
    await service.close()
    await emulator.close()
  })

  try {
    const before = await readMetrics(address)
    await tellStory(address, print)
    print(`\nWhat does Prometheus see? The story moved these at GET /metrics:\n\n${movedMetrics(before, await readMetrics(address))}\n`)
    if (isOnce) {
      await close()
    } else {
      print(connectingGuide(address, emulatorAddress))
      await keepVisiting(address, VISITORS, REST_MS, over.signal)
    }
  } catch (error) {
    // Ctrl-C in the middle of the story: the server that it is told to is on its way out.
    if (!isClosing) throw error
  }
}

function print (words: string): void {
  process.stdout.write(words)
}

/** Listens on the port, or on a free one when it is taken. */
async function listen (app: FastifyInstance, port: number): Promise<string> {
  const host = '127.0.0.1'
  try {
    return await app.listen({ host, port })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error
    console.log(`Port ${port} is taken, so another one is used.`)
    return app.listen({ host, port: 0 })
  }
}
