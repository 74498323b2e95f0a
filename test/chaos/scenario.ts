import path from 'node:path'
import { createEmulator } from '../../src/emulator/app.ts'
import type { RandomFault } from '../../src/emulator/faults/fault.ts'
import { createRandom } from '../../src/emulator/random.ts'
import { ChaosClient, type Call } from './client.ts'
import { Cluster } from './cluster.ts'
import { disturb, planDisturbances, type DisturbanceCounts } from './disturbances.ts'
import type { Finding } from './finding.ts'
import { Milestones } from './milestones.ts'
import { planQuestions, type Question } from './questions.ts'
import { startRedis } from './redis.ts'
import { startRoundRobinProxy } from './round-robin-proxy.ts'
import { countStreamCuts } from './stream-cuts.ts'
import { judge, judgeInTheEnd } from './verdict.ts'

export interface ScenarioOptions extends DisturbanceCounts {
  /** The same seed makes the same questions, answers and disturbances; which of them meet is up to the machine. */
  seed: number
  /** Calls of `dust_ask_agent`. */
  runs: number
  /** They ask at the same time, each one question after the other. */
  clients: number
  replicas: number
  /** A Redis server's program, for a store that the replicas share; without it one process has SQLite. */
  redisServer: string | undefined
  /** Multiplies the delays of the agents. */
  pace: number
  /** How long a call may say nothing before it counts as lost. */
  silenceMs: number
  /** Empty; gets the logs and the data. */
  folder: string
  log: (words: string) => void
  /** Ends everything early. */
  signal?: AbortSignal
}

export interface JudgedCall {
  call: Call
  /** Agent runs that were started for it. */
  starts: number
  findings: Finding[]
}

export interface ScenarioResult extends DisturbanceCounts {
  calls: JudgedCall[]
  /** Connections to the emulated Dust that it broke off. */
  streamCuts: number
  /** Processes that ended of themselves. */
  crashes: string[]
  seconds: number
}

/** How often a client tries before it takes a server for gone. */
const TRIES = 60

/** Lets clients ask agents while everything between them dies now and then, and compares what they got with what the agents did. */
export async function playScenario (options: ScenarioOptions): Promise<ScenarioResult> {
  const { seed, runs, replicas, redisServer, pace, silenceMs, folder, log, signal } = options
  const startedAt = performance.now()
  const undo: Array<() => Promise<unknown>> = []
  const over = new AbortController()
  const isInterrupted = new Promise<never>((_resolve, reject) => {
    signal?.addEventListener('abort', () => { reject(new Error('interrupted')) })
  })
  try {
    return await Promise.race([play(), isInterrupted])
  } finally {
    over.abort()
    for (const step of undo.reverse()) await step()
  }

  async function play (): Promise<ScenarioResult> {
    const emulated = createEmulator({ seed, pace, historyTtlMs: 24 * 3600_000 })
    undo.push(() => emulated.close())
    const { emulator } = emulated
    const fault: RandomFault = { kind: 'random', seed, maximumEvents: 100, cut: 0.15, cut_mid_frame: 0.1, done: 0.1 }
    emulator.faults.replace([fault])

    const redis = redisServer === undefined ? undefined : await startRedis(redisServer, folder)
    if (redis !== undefined) undo.push(() => redis.stop())
    const cluster = await Cluster.start(replicas, {
      DUST_BASE_URL: await emulated.listen({ port: 0, host: '127.0.0.1' }),
      DUST_API_KEY: emulator.settings.apiKey,
      DUST_WORKSPACE_ID: emulator.settings.workspaceId,
      STORE_URL: redis?.url ?? `sqlite:${path.join(folder, 'store.db')}`,
      // A busy machine is not what is tried here.
      PRESSURE_MAX_EVENT_LOOP_DELAY: '0s'
    }, folder)
    undo.push(() => cluster.stop())
    const proxy = await startRoundRobinProxy(cluster.ports)
    undo.push(() => proxy.close())

    const ended = new Milestones()
    const plan = planDisturbances(createRandom(seed, 'disturbances'), Math.max(1, runs - options.clients), replicas, options)
    const questions = planQuestions(createRandom(seed, 'questions'), runs, options.clients)
    const [counts, calls] = await Promise.all([
      disturb(plan, ended, { cluster, proxy, redis }, over.signal, log),
      Promise.all(questions.map((ofOne) => askAll(ofOne))).finally(() => { over.abort() })
    ])
    const prompts = [...emulator.workspace.runs.values()].map(({ order }) => order.prompt)
    return {
      ...counts,
      calls: calls.flat().map(({ call, findings }) => {
        const starts = prompts.filter((prompt) => prompt === call.question.text).length
        return { call, starts, findings: [...findings, ...judgeInTheEnd(call, starts)] }
      }),
      streamCuts: countStreamCuts(emulator, fault),
      crashes: cluster.crashes,
      seconds: (performance.now() - startedAt) / 1000
    }

    async function askAll (questions: readonly Question[]): Promise<Array<Omit<JudgedCall, 'starts'>>> {
      const client = new ChaosClient({ address: proxy.address, silenceMs, tries: TRIES, signal: over.signal })
      undo.push(() => client.close())
      const judged = []
      for (const question of questions) {
        const call = await client.ask(question)
        const findings = judge(call, emulator.workspace.runs)
        if (call.outcome.kind === 'told') log(`told: ${question.text} ${call.outcome.words}`)
        for (const { kind, words } of findings) log(`${kind}: ${question.text} ${words}`)
        judged.push({ call, findings })
        ended.add()
      }
      return judged
    }
  }
}
