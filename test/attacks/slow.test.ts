import t from 'tap'
import { format } from './report.ts'
import { attackSlowly } from './slow.ts'
import { startTarget } from './target.ts'

t.setTimeout(300_000)

/** Twice what the server takes beside readers who read: so few attackers show that nothing runs away, not more. */
const MOST_MEBIBYTES = 800

t.test('slow heads, slow bodies and readers who never read are cut, and nobody else is', async (t) => {
  const attackers = { head: 20, body: 20, reader: 12 }
  const target = await startTarget(t.testdir())
  t.teardown(() => target.stop())
  const report = await attackSlowly(target, { attackers, byteEveryMs: 1000, clients: 6, clientEveryMs: 200, phaseMs: 1000 })
  t.comment(format(report))
  const { quiet, attacked, counted } = report
  t.same([quiet.failures, attacked.failures], [[], []])
  t.ok(attacked.latencies.length > 100, 'there was somebody else')
  t.equal(quiet.ends.length, attackers.reader, 'who reads gets everything')
  t.equal(attacked.ends.length, attackers.head + attackers.body + attackers.reader)
  t.same(attacked.ends.filter(({ kind }) => kind !== 'reader').filter(({ answer }) => !answer.startsWith('HTTP/1.1 408 ')), [])
  t.equal(counted.slow, attackers.head + attackers.body)
  t.equal(counted.stalled + counted.backlog + counted.crowd, attackers.reader)
  t.ok(attacked.rssMost < MOST_MEBIBYTES, `${attacked.rssMost} MiB`)
})
