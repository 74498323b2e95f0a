import path from 'node:path'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { loadConfig } from '../../src/config.ts'
import { createEmulator } from '../../src/emulator/app.ts'
import { createService } from '../../src/service.ts'
import fixtures from '../conformance/fixtures.ts'
import { addTestTools } from '../fixtures/tools.ts'

export interface Target {
  address: string
  service: FastifyInstance
  close (): Promise<void>
}

/** The whole service, listening, with tools that do everything that a tool can do, and agents that answer at once. */
export async function startTarget (): Promise<Target> {
  const emulator = createEmulator({ pace: 0 })
  const { apiKey, workspaceId } = emulator.emulator.settings
  const config = loadConfig({
    DUST_BASE_URL: await emulator.listen({ port: 0, host: '127.0.0.1' }),
    DUST_API_KEY: apiKey,
    DUST_WORKSPACE_ID: workspaceId,
    STORE_URL: 'sqlite::memory:',
    // What is refused for want of room would be a 5xx that is right.
    SESSION_LIMIT: '1000000',
    DUST_MAX_RUNS: '1000',
    PRESSURE_MAX_EVENT_LOOP_DELAY: '0s',
    DRAIN_TIMEOUT: '0s',
    EXTRA_PLUGINS: path.join(import.meta.dirname, 'era-watch.ts')
  })
  const service = await createService(config, pino({ level: 'silent' }))
  await service.register(fixtures)
  addTestTools(service)
  return {
    address: await service.listen({ port: 0, host: '127.0.0.1' }),
    service,
    close: async () => {
      await service.close()
      await emulator.close()
    }
  }
}
