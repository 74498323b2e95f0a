import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import { setTimeout as pause } from 'node:timers/promises'

/** Agents of the emulated workspace, most of which answer. */
const AGENTS = ['dust', 'researcher', 'essayist', 'clerk', 'dust', 'researcher', 'sprinter', 'unlucky']

const PATIENCE = { timeout: 120_000, resetTimeoutOnProgress: true, maxTotalTimeout: 900_000 }

/**
 * Lets so many clients ask agents again and again, so that there is something to watch. Resolves when the signal has aborted and all have left.
 *
 * @param restMs how long each of them rests after an answer, on average
 */
export async function keepVisiting (address: string, visitors: number, restMs: number, signal: AbortSignal): Promise<void> {
  await Promise.all(Array.from({ length: visitors }, async (_, visitor) => visit(address, visitor, restMs, signal)))
}

async function visit (address: string, visitor: number, restMs: number, signal: AbortSignal): Promise<void> {
  const client = new Client({ name: 'demo-visitor', version: '1.0.0' })
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', address))
  try {
    // The SDK's own class fits the SDK's own interface, except to `exactOptionalPropertyTypes`.
    await client.connect(transport as Transport)
    for (let turn = visitor; !signal.aborted; turn++) {
      const agent = AGENTS[turn % AGENTS.length]
      const message = `Question ${turn}: what is new?`
      await client.callTool({ name: 'dust_ask_agent', arguments: { agent, message } }, undefined, { ...PATIENCE, signal, onprogress: () => {} })
      if (turn % 3 === 0) await client.callTool({ name: 'dust_list_agents', arguments: {} }, undefined, { signal })
      await pause(restMs * (0.5 + Math.random()), undefined, { signal })
    }
  } catch (error) {
    // They are called away in the middle of something.
    if (!signal.aborted) throw error
  } finally {
    await client.close()
  }
}
