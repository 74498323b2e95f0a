import closeWithGrace from 'close-with-grace'
import type { FastifyInstance } from 'fastify'
import { parseArgs } from 'node:util'
import { loadConfig } from './config.ts'
import { connectingGuide } from './demo/connecting-guide.ts'
import { tellStory } from './demo/story.ts'
import { createEmulator } from './emulator/app.ts'
import { createLogger } from './logger.ts'
import { createService } from './service.ts'

const DRAIN_TIMEOUT_MS = 5000

const isOnce = readArguments()

const emulator = createEmulator({ pace: 0.5 })
const emulatorAddress = await listen(emulator, 5055)
const { apiKey, workspaceId } = emulator.emulator.settings

const config = loadConfig({
  DUST_BASE_URL: emulatorAddress,
  DUST_API_KEY: apiKey,
  DUST_WORKSPACE_ID: workspaceId,
  STORE_URL: 'sqlite::memory:',
  DRAIN_TIMEOUT: `${DRAIN_TIMEOUT_MS}ms`,
  LOG_LEVEL: 'warn',
  LOG_FORMAT: 'pretty',
  PORT: process.env['PORT']
})
const service = await createService(config, createLogger(config.logs))
const address = await listen(service, config.server.port)

const { close } = closeWithGrace({ delay: DRAIN_TIMEOUT_MS * 2 }, async ({ err }) => {
  if (err) console.error(err)
  await service.close()
  await emulator.close()
})

await tellStory(address, (words) => { process.stdout.write(words) })
if (isOnce) await close()
else process.stdout.write(connectingGuide(address, emulatorAddress))

function readArguments (): boolean {
  try {
    return parseArgs({ options: { once: { type: 'boolean', default: false } } }).values.once
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\nUsage: npm run demo [-- --once]`)
    process.exit(1)
  }
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
