import { setTimeout as sleep } from 'node:timers/promises'
import { readMetrics } from '../fixtures/metrics.ts'

const PREFIX = 'mcp_dust_server_'
const DEADLINE_MS = 30_000

/** What is still going on when nothing is asked any more: every gauge that doesn't come back to 0, with its value. */
export async function readRestlessGauges (address: string): Promise<Record<string, number>> {
  const deadline = performance.now() + DEADLINE_MS
  let restless: Record<string, number>
  do {
    const page = await readMetrics(address)
    restless = Object.fromEntries([
      [`${PREFIX}http_requests_in_flight{path="/mcp"}`, page.value(`${PREFIX}http_requests_in_flight`, { path: '/mcp' })],
      ...['mcp_operations_in_flight', 'sse_streams_open', 'agent_runs_in_progress'].flatMap((name) =>
        Object.entries(page.nonZero(PREFIX + name)).map(([labels, value]) => [PREFIX + name + labels, value]))
    ].filter(([, value]) => value !== 0))
    if (Object.keys(restless).length === 0) break
    await sleep(20)
  } while (performance.now() < deadline)
  return restless
}
