import { isDeepStrictEqual } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectAs, type ClientKind } from '../e2e/clients/connect-as.ts'
import type { OfficialClient } from '../e2e/clients/official-client.ts'

export interface Bystander {
  /** Stops and tells how it went. */
  leave (): Promise<{ calls: number, slowestMs: number, findings: string[] }>
}

const PAUSE_MS = 50

/** A normal client that works beside the fuzzer, and gets each time what it got at first. */
export async function startBystander (kind: ClientKind, address: string, token: string | null): Promise<Bystander> {
  const closers: Array<() => unknown> = []
  const client = await connectAs({ teardown: (close) => { closers.push(close) } }, kind, address, token === null ? {} : { token })
  const expected = await work(client)
  const findings: string[] = []
  let calls = 0
  let slowestMs = 0
  const leaving = new AbortController()

  async function goOn (): Promise<void> {
    while (!leaving.signal.aborted) {
      const startedAt = performance.now()
      try {
        const got = await work(client)
        if (!isDeepStrictEqual(got, expected)) findings.push(`${kind} got ${JSON.stringify(got).slice(0, 500)}`)
      } catch (error) {
        findings.push(`${kind}: ${String(error)}`)
      }
      calls += expected.length
      slowestMs = Math.max(slowestMs, Math.round(performance.now() - startedAt))
      await sleep(PAUSE_MS)
    }
  }
  const going = goOn()
  return {
    leave: async () => {
      leaving.abort()
      await going
      for (const close of closers) await close()
      return { calls, slowestMs, findings }
    }
  }
}

/** What a client does all day, without what differs each time. */
async function work (client: OfficialClient): Promise<unknown[]> {
  const { text, structured: { answer, status }, isError } = await client.call('dust_ask_agent', { agent: 'dust', message: 'How many planets are there?' })
  if (isError) throw new Error(`The call failed: ${text}`)
  return [{ answer, status }, await client.call('dust_list_agents', {}), await client.tools(), await client.read('dust://agents/dust'), await client.complete('ask_agent', 'agent', 'res')]
}
