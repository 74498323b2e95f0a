import { setTimeout as pause } from 'node:timers/promises'
import { postStateless } from '../fixtures/stateless.ts'
import { answerOf, openSession, post, toolCall } from '../helper.ts'

export interface Traffic {
  /** How long each call took, in milliseconds. */
  latencies: number[]
  /** What went wrong, in words. */
  failures: string[]
}

const AGENTS = { name: 'dust_list_agents', arguments: {} }

/** Clients who each ask for something, wait a little, and ask again, until the signal aborts. */
export async function useNormally (address: string, clients: number, everyMs: number, signal: AbortSignal): Promise<Traffic> {
  const traffic: Traffic = { latencies: [], failures: [] }
  await Promise.all(Array.from({ length: clients }, (_, client) => beClient(address, client, everyMs, signal, traffic)))
  return traffic
}

async function beClient (address: string, client: number, everyMs: number, signal: AbortSignal, { latencies, failures }: Traffic): Promise<void> {
  const session = await openSession(address)
  // Not all at once.
  await pause(everyMs * (client % 10) / 10)
  for (let id = 1; !signal.aborted; id++) {
    const startedAt = performance.now()
    try {
      const response = client % 2 === 0 ? await post(address, toolCall(id, AGENTS.name), session) : await postStateless(address, 'tools/call', AGENTS)
      const answer: unknown = await answerOf(response)
      if (response.status !== 200 || !('result' in Object(answer))) failures.push(`${response.status} ${JSON.stringify(answer).slice(0, 200)}`)
    } catch (error) {
      failures.push(String(Object(error).cause ?? error))
    }
    latencies.push(performance.now() - startedAt)
    await pause(everyMs)
  }
}

/** The latency that a share of the calls, such as 0.99, doesn't exceed. */
export function quantile (latencies: readonly number[], share: number): number {
  const sorted = latencies.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}
