import type { Test } from 'tap'
import { freePort } from '../fixtures/free-port.ts'
import { startServerProcess, type ServerProcess } from './server-process.ts'

/** A server process that comes back at the same address. */
export interface Replica {
  readonly address: string
  /** Ends it, and tells how it ended. */
  stop (signal: NodeJS.Signals): ServerProcess['ended']
  start (): Promise<void>
}

export async function startReplica (t: Test, environment: Record<string, string>): Promise<Replica> {
  const settings = { ...environment, PORT: String(await freePort()) }
  let server = await startServerProcess(t, settings)
  return {
    address: server.address,
    stop: async (signal) => {
      server.child.kill(signal)
      return server.ended
    },
    start: async () => { server = await startServerProcess(t, settings) }
  }
}
