import { appendFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { format, isGood, sum } from './report.ts'
import { playScenario } from './scenario.ts'

const DEFAULTS = {
  redis: { runs: 500, clients: 30, replicas: 3, kills: 30, cuts: 500, redisRestarts: 1 },
  sqlite: { runs: 200, clients: 20, replicas: 1, kills: 20, cuts: 200, redisRestarts: 0 }
}

const text = { type: 'string' } as const
const { values } = parseArgs({
  options: {
    seed: text, store: text, runs: text, clients: text, replicas: text, kills: text, cuts: text, 'redis-restarts': text, pace: text, 'silence-s': text, 'redis-server': text
  }
})
const { store = 'redis' } = values
if (store !== 'redis' && store !== 'sqlite') throw new Error(`--store is ${store}; it must be redis or sqlite`)
const number = (name: Exclude<keyof typeof values, 'store' | 'redis-server'>, otherwise: number): number => values[name] === undefined ? otherwise : Number(values[name])
const seed = number('seed', Math.floor(Math.random() * 1_000_000))
const folder = await mkdtemp(path.join(tmpdir(), 'chaos-'))
const interruption = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { interruption.abort() })

const startedAt = performance.now()
const log = (words: string): void => { console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${words}`) }
log(`seed ${seed}, ${store}, logs and data in ${folder}`)

const defaults = DEFAULTS[store]
const result = await playScenario({
  seed,
  runs: number('runs', defaults.runs),
  clients: number('clients', defaults.clients),
  replicas: number('replicas', defaults.replicas),
  kills: number('kills', defaults.kills),
  cuts: number('cuts', defaults.cuts),
  redisRestarts: number('redis-restarts', defaults.redisRestarts),
  redisServer: store === 'redis' ? values['redis-server'] ?? 'redis-server' : undefined,
  pace: number('pace', 1),
  silenceMs: number('silence-s', 120) * 1000,
  folder,
  log,
  signal: interruption.signal
})
for (const { call, findings } of result.calls) {
  if (findings.length === 0) continue
  const words = [call.question.text, ...findings.map(({ kind, words }) => `${kind}: ${words}`)]
  console.log(words.join('\n  '))
  await appendFile(path.join(folder, 'traces.log'), `${[...words, ...call.watch.trace].join('\n  ')}\n`)
}
for (const crash of result.crashes) console.log(crash)
const report = sum(result)
console.log(format(report))
console.log(JSON.stringify({ seed, store, ...report }))
if (isGood(report)) await rm(folder, { recursive: true })
else {
  console.log(`The logs are in ${folder}, with what the clients of these calls saw in traces.log`)
  process.exitCode = 1
}
