import { Type } from '@sinclair/typebox'
import { loadConfig } from '../../src/config.ts'
import { createLogger } from '../../src/logger.ts'
import { createService } from '../../src/service.ts'
import { LINE } from '../line.ts'
import { describeTool, listTools, toolCount } from './catalog.ts'
import { serve } from './serve.ts'

/** The service with two more tools, or so many that there are as many as were asked for. What its settings are is said by the environment. */
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
const { logger, lineCounts } = createLogger(config.logs)
const service = await createService(config, logger, lineCounts)
service.mcp.addTool({ ...describeTool(0), input: Type.Object({ text: Type.String() }) }, ({ text }) => ({ text }))
service.mcp.addTool({ name: 'recite', description: 'Says so many lines, as an agent says its answer.', input: Type.Object({ lines: Type.Integer() }) }, async ({ lines }, { progress }) => {
  for (let line = 1; line <= lines; line++) await progress({ message: LINE, meta: { 'mcp-dust-server/kind': 'text', 'mcp-dust-server/draft': 1 } })
  return { text: `${lines} lines` }
})
const own = service.mcp.toolNames.length
for (const { inputSchema, name, ...words } of listTools().slice(1, Math.max(1, toolCount - own + 1))) {
  service.mcp.addTool({ name, ...words, input: Type.Unsafe(inputSchema) }, () => ({ text: '' }))
}
await serve(() => service.listen({ port: 0, host: '127.0.0.1' }))
