import { setTimeout as pause } from 'node:timers/promises'
import { callTool, openSession } from '../requests.ts'
import { startServer, type Server } from '../server.ts'
import { STORES, type MeasuredStore, type StoreName } from '../stores.ts'

/** How many sessions come to a process that runs already, and to how many new processes one comes. */
const WARM_SESSIONS = 300
const COLD_STARTS = 10

/** How long a session's request takes, in milliseconds, at a process that has it in memory, that doesn't, and that has only begun. */
export interface Restores {
  live: number[]
  restored: number[]
  first: number[]
  second: number[]
  start: number[]
}

export async function measureRestore (name: StoreName, isQuick: boolean): Promise<Restores> {
  const store = await STORES[name]()
  const restores = { ...await measureWarm(store, isQuick ? 10 : WARM_SESSIONS), ...await measureCold(store, isQuick ? 1 : COLD_STARTS) }
  await store.close()
  return restores
}

/** Sessions that another process has opened, at a process that serves others already. */
async function measureWarm (store: MeasuredStore, sessions: number): Promise<Pick<Restores, 'restored' | 'live'>> {
  const [one, other] = [await start(store), await start(store)]
  const restored: number[] = []
  const live: number[] = []
  for (let count = Math.round(-sessions / 3); count < sessions; count++) {
    const session = await openSession(one.address)
    const times = [await timeCall(other, session), await timeCall(other, session)]
    if (count < 0) continue // until the code is warm
    restored.push(times[0] ?? NaN)
    live.push(times[1] ?? NaN)
  }
  await Promise.all([one.stop(), other.stop()])
  return { restored, live }
}

/** The first request that a new process gets. */
async function measureCold (store: MeasuredStore, starts: number): Promise<Pick<Restores, 'first' | 'second' | 'start'>> {
  const one = await start(store)
  const session = await openSession(one.address)
  await one.stop()
  const measured = { first: [] as number[], second: [] as number[], start: [] as number[] }
  for (let count = 0; count < starts; count++) {
    const startedAt = performance.now()
    const server = await start(store)
    measured.start.push(performance.now() - startedAt)
    await pause(200) // it still does what belongs to its start
    measured.first.push(await timeCall(server, session))
    measured.second.push(await timeCall(server, session))
    await server.stop()
  }
  return measured
}

async function start ({ url }: MeasuredStore): Promise<Server> {
  return startServer('product.ts', { environment: { STORE_URL: url } })
}

/** Milliseconds from a request to its answer. */
async function timeCall ({ address }: Server, session: string): Promise<number> {
  const startedAt = performance.now()
  await (await callTool(address, session, 1, 'echo', { text: 'hello world' })).text()
  return performance.now() - startedAt
}
