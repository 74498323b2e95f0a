import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { RunEvent } from '../../../src/dust/client.ts'
import { createEmulator, type EmulatorOptions } from '../../../src/emulator/app.ts'
import type { Emulator } from '../../../src/emulator/emulator.ts'

export interface EmulatedDust {
  baseUrl: string
  emulator: Emulator
}

/** An emulated workspace on a real port, as fast as it can. Closed with the test. */
export async function startEmulator (t: Test, options: EmulatorOptions = {}): Promise<EmulatedDust> {
  const app = createEmulator({ pace: 0, ...options })
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  return { baseUrl: `http://127.0.0.1:${port}`, emulator: app.emulator }
}

export async function collectEvents (events: AsyncIterable<RunEvent>): Promise<RunEvent[]> {
  const collected: RunEvent[] = []
  for await (const event of events) collected.push(event)
  return collected
}

/** What was told, without the ids and times that differ from run to run: equal lists mean that nothing was lost and nothing came twice. */
export function told (events: RunEvent[]): string[] {
  return events.map(({ event }) => event.type === 'generation_tokens' ? `${event.classification}: ${event.text}` : event.type)
}

/** The pairs of neighbouring ids that are not in order; by parts, as Dust counts. */
export function disorder (events: RunEvent[]): string[] {
  const ids = events.flatMap(({ id }) => id === null ? [] : [id])
  return ids.flatMap((id, index) => {
    const [ms = 0, n = 0] = id.split('-').map(Number)
    const [beforeMs = -1, beforeN = -1] = ids[index - 1]?.split('-').map(Number) ?? []
    return ms > beforeMs || (ms === beforeMs && n > beforeN) ? [] : [`${ids[index - 1]} ${id}`]
  })
}
