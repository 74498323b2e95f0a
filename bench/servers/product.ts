import { Type } from '@sinclair/typebox'
import { loadConfig } from '../../src/config.ts'
import { createLogger } from '../../src/logger.ts'
import { createService } from '../../src/service.ts'
import { LINE } from '../line.ts'
import { serve } from './serve.ts'

/** The service with two more tools. What its settings are is said by the environment; there is no Dust. */
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
service.mcp.addTool({ name: 'recite', description: 'Says so many lines, as an agent says its answer.', input: Type.Object({ lines: Type.Integer() }) }, async ({ lines }, { progress }) => {
  for (let line = 1; line <= lines; line++) await progress({ message: LINE, meta: { 'mcp-dust-server/kind': 'text', 'mcp-dust-server/draft': 1 } })
  return { text: `${lines} lines` }
})
await serve(service)
