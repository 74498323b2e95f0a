import { Type } from '@sinclair/typebox'
import { loadConfig } from '../../src/config.ts'
import { createLogger } from '../../src/logger.ts'
import { createService } from '../../src/service.ts'
import { serve } from './serve.ts'

/** The service with one more tool. What its settings are is said by the environment; there is no Dust. */
const config = loadConfig({
  DUST_BASE_URL: 'http://127.0.0.1:9',
  DUST_API_KEY: 'sk-none',
  DUST_WORKSPACE_ID: 'none',
  STORE_URL: 'sqlite::memory:',
  HEALTH_CHECK_INTERVAL: '1h',
  // Nobody is to be sent away: how much it takes is what is measured.
  PRESSURE_MAX_EVENT_LOOP_DELAY: '0s',
  ...process.env
})
const { logger } = createLogger(config.logs)
const service = await createService(config, logger)
service.mcp.addTool({ name: 'echo', description: 'Gives back what it got.', input: Type.Object({ text: Type.String() }) }, ({ text }) => ({ text }))
await serve(service)
