import { Agent, type Dispatcher } from 'undici'
import type { DustTiming } from './timing.ts'

/** Connections to Dust. Clients with different keys may share them: each request says whose it is. */
export interface Connections {
  readonly dispatcher: Dispatcher
  /** Aborted when they close. */
  readonly closing: AbortSignal
  /** Ends everything that is underway. */
  close (): Promise<void>
}

export function createConnections ({ requestTimeoutMs }: Pick<DustTiming, 'requestTimeoutMs'>): Connections {
  // One stream is one connection: shared HTTP/2 connections would tie the fate of all runs together.
  const dispatcher = new Agent({ allowH2: false, bodyTimeout: 0, connect: { timeout: Math.min(requestTimeoutMs, 10_000) } })
  const closing = new AbortController()
  return {
    dispatcher,
    closing: closing.signal,
    async close () {
      closing.abort()
      await dispatcher.destroy()
    }
  }
}
