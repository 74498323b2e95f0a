import { fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { readCpuMicros } from '../process-usage.ts'
import type { Server } from '../server.ts'
import type { Latencies, Progress, Task } from './client.ts'

/** What so many runs at once cost while all of them speak. */
export interface Streams {
  runs: number
  latencies: Latencies
  /** Events of the agents, and notifications to the clients. */
  eventsPerSecond: number
  notificationsPerSecond: number
  /** CPU time of the server for each event, in microseconds, and of all from the first session to the last answer for each run. */
  cpuPerEvent: number
  cpuPerRun: number
  /** Share of a core that each process takes. */
  load: { server: number, emulator: number, clients: number }
  /** Of the server's event loop, as its metrics say. */
  loopP99Ms: number
  faults: string[]
}

/** Lets clients in a process of their own ask agents, all at about the same time, and watches the server. */
export async function measureStreams (server: Server, emulator: Server, task: Omit<Task, 'address'>): Promise<Streams> {
  const clients = fork(path.join(import.meta.dirname, 'client.ts'), { env: {}, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const { pid } = clients
  if (pid === undefined) throw new Error('There are no clients')
  const ended = once(clients, 'exit').then(([code]) => { throw new Error(`The clients ended with ${code}`) })
  const next = async (stage: Progress['stage']): Promise<Progress> => {
    const [progress]: Progress[] = await Promise.race([once(clients, 'message'), ended])
    if (progress?.stage === 'ending' && stage === 'plateau') throw new Error(`Only ${progress.speaking} of ${task.runs} agents spoke before the first one had ended: ${progress.faults[0] ?? 'let them speak for more --seconds'}`)
    if (progress?.stage !== stage) throw new Error(`The clients are at ${JSON.stringify(progress)}, not at ${stage}`)
    return progress
  }
  const processes = [server.pid, emulator.pid, pid]
  const look = async () => {
    const lag = await readLoopP99(server)
    return { at: performance.now(), used: processes.map(readCpuMicros), lag }
  }

  const cpuBefore = server.cpuMicros()
  const plateau = next('plateau')
  clients.send({ ...task, address: server.address } satisfies Task)
  await plateau
  const ending = next('ending')
  const from = await look()
  await ending
  const done = next('done')
  const to = await look()
  const result = await done
  const cpuMicros = server.cpuMicros() - cpuBefore
  ended.catch(() => {}) // it's time
  clients.disconnect()
  if (result.stage !== 'done') throw new Error('They aren\'t done')
  const seconds = (to.at - from.at) / 1000
  const [ofServer = NaN, ofEmulator = NaN, ofClients = NaN] = to.used.map((used, index) => used - (from.used[index] ?? NaN))
  return {
    runs: task.runs,
    latencies: result.latencies,
    eventsPerSecond: result.pieces / seconds,
    notificationsPerSecond: result.notifications / seconds,
    cpuPerEvent: ofServer / result.pieces,
    cpuPerRun: cpuMicros / task.runs,
    load: { server: ofServer / seconds / 1e6, emulator: ofEmulator / seconds / 1e6, clients: ofClients / seconds / 1e6 },
    loopP99Ms: to.lag,
    faults: result.faults
  }
}

/** Since it was read last. */
async function readLoopP99 ({ address }: Server): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text()
  return Number(/^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(text)?.[1]) * 1000
}
