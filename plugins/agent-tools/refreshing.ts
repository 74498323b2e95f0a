import { createHash } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { DustError, type DustClient } from '../../src/dust/client.ts'
import { dustErrorDetails } from '../../src/dust/errors.ts'
import type { Agent } from '../../src/dust/types.ts'
import { isObject } from '../../src/mcp/json-rpc.ts'

/** What one replica tells the others when it finds other agents than before. */
interface Found {
  /** Stands for the list that it has now. */
  agents: string
}

export interface Refreshing {
  /** Resolves when the list was asked for once, or couldn't be had. */
  readonly first: Promise<void>
}

/** Of the time between two looks, so that replicas don't look in the same moment. */
const JITTER = 0.2

/**
 * Looks at the list of agents again and again, from the start of the service to its end. Replicas look at it at the same time
 * when one of them has found a change.
 *
 * @param use is given each list, changed or not
 */
export function startRefreshing (fastify: FastifyInstance, dust: DustClient, use: (agents: readonly Agent[]) => void): Refreshing {
  const { config, log, store } = fastify
  const bus = store.bus<Found>('agents', (value) => isObject(value) && typeof value['agents'] === 'string' ? { agents: value['agents'] } : undefined)
  const { promise: first, resolve } = Promise.withResolvers<void>()
  const closing = new AbortController()
  let known = ''

  /** Resolves to whether there were other agents than before. */
  async function refresh (isFresh: boolean): Promise<boolean> {
    try {
      const agents = await dust.listAgents({ isFresh, signal: closing.signal })
      const before = known
      known = digest(agents)
      use(agents)
      return before !== known
    } catch (error) {
      if (closing.signal.aborted) return false
      if (error instanceof DustError) log.warn({ dust: dustErrorDetails(error) }, 'the list of agents could not be refreshed')
      else log.error({ err: error }, 'the tools of the agents could not be refreshed')
      return false
    }
  }

  async function run (): Promise<void> {
    await refresh(false)
    resolve()
    while (!closing.signal.aborted) {
      // It only ever rejects because of the close, which the loop sees.
      await pause(config.dust.agentsTtlMs * (1 + JITTER * Math.random()), undefined, { signal: closing.signal, ref: false }).catch(() => {})
      if (!closing.signal.aborted && await refresh(false)) bus.publish({ agents: known })
    }
  }

  let running = Promise.resolve()
  let unsubscribe = (): void => {}
  fastify.addHook('onReady', async () => {
    unsubscribe = bus.subscribe(({ agents }) => { if (agents !== known) refresh(true).catch(() => {}) }) // it never rejects
    running = run()
  })
  fastify.addHook('onClose', async () => {
    closing.abort()
    unsubscribe()
    await running
  })
  return { first }
}

function digest (agents: readonly Agent[]): string {
  return createHash('sha256').update(JSON.stringify(agents.map(({ sId, name, description }) => [sId, name, description]).sort())).digest('base64url')
}
