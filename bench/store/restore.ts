import { setTimeout as pause } from 'node:timers/promises'
import { callTool, openSession } from '../requests.ts'
import { startServer, type Server } from '../server.ts'
import { median, quantile } from '../statistics.ts'
import { toMarkdown } from '../table.ts'
import { STORES, type MeasuredStore } from '../stores.ts'

/** How many sessions come to a process that runs already, and to how many new processes one comes. */
const WARM_SESSIONS = 300
const COLD_STARTS = 10

/** How long a session's request takes at a process that doesn't have it in memory, as a table. */
export async function measureRestore (): Promise<string> {
  const rows: Array<Array<string | number>> = []
  for (const open of [STORES.sqlite, STORES.redis]) {
    const store = await open()
    const { restored, live } = await measureWarm(store)
    const { first, second, start } = await measureCold(store)
    await store.close()
    rows.push([store.name, ...[median(live), median(restored), quantile(restored, 0.99), median(restored) / median(live), median(first), median(second), median(start)].map((value) => value.toFixed(1))])
  }
  return toMarkdown(['ms', 'in memory', 'restored', '99 %', 'restored / in memory', 'first of a new process', 'second', 'start of the process'], rows)
}

/** Sessions that another process has opened, at a process that serves others already. */
async function measureWarm (store: MeasuredStore): Promise<{ restored: number[], live: number[] }> {
  const [one, other] = [await start(store), await start(store)]
  const restored: number[] = []
  const live: number[] = []
  for (let count = -WARM_SESSIONS / 3; count < WARM_SESSIONS; count++) {
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
async function measureCold (store: MeasuredStore): Promise<{ first: number[], second: number[], start: number[] }> {
  const one = await start(store)
  const session = await openSession(one.address)
  await one.stop()
  const measured = { first: [] as number[], second: [] as number[], start: [] as number[] }
  for (let count = 0; count < COLD_STARTS; count++) {
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
