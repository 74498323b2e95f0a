import t, { type Test } from 'tap'
import { requireProgram } from '../fixtures/programs.ts'
import { isGood, sum } from './report.ts'
import { playScenario, type ScenarioOptions } from './scenario.ts'

const SEED = 3

async function play (t: Test, options: Omit<ScenarioOptions, 'seed' | 'folder' | 'log' | 'silenceMs' | 'pace'>): Promise<void> {
  const { calls, ...rest } = await playScenario({ seed: SEED, pace: 0.5, silenceMs: 60_000, folder: t.testdir(), log: (words) => { t.comment(words) }, ...options })
  for (const { call, findings } of calls) t.same(findings, [], [call.question.text, ...findings.length > 0 ? call.watch.trace : []].join('\n'))
  const report = sum({ calls, ...rest })
  t.ok(isGood(report), JSON.stringify(report))
  // The one moment that nobody can mend: when a process dies while it asks Dust.
  for (const words of Object.keys(report.told)) t.match(words, /whether what it was doing took effect isn't known/)

  // Else it would show little.
  t.ok(report.kills > 0 && report.cuts > 0, 'there was something to survive')
  t.equal(report.redisRestarts, options.redisRestarts)
  t.ok(report.resumes > 0, 'streams were taken up again')
}

t.test('answers arrive whole and once while replicas with Redis die', async (t) => {
  const redisServer = await requireProgram(t, 'redis-server')
  if (redisServer === null) return
  await play(t, { runs: 20, clients: 7, replicas: 3, redisServer, kills: 3, cuts: 10, redisRestarts: 1 })
})

t.test('answers arrive whole and once while a process with SQLite dies', async (t) => {
  await play(t, { runs: 12, clients: 6, replicas: 1, redisServer: undefined, kills: 2, cuts: 8, redisRestarts: 0 })
})
