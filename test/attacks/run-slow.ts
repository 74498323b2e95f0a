import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { quantile } from './normal-traffic.ts'
import { format } from './report.ts'
import { attackSlowly } from './slow.ts'
import { startTarget } from './target.ts'

const text = { type: 'string' } as const
const { values } = parseArgs({ options: { heads: text, bodies: text, readers: text, seconds: text } })
const attackers = { head: Number(values.heads ?? 500), body: Number(values.bodies ?? 500), reader: Number(values.readers ?? 200) }
const phaseMs = Number(values.seconds ?? 75) * 1000

const folder = await mkdtemp(path.join(tmpdir(), 'attack-'))
const target = await startTarget(folder)
try {
  const report = await attackSlowly(target, { attackers, byteEveryMs: 1000, clients: 20, clientEveryMs: 200, phaseMs })
  console.log(format(report))
  const failures = [...report.quiet.failures, ...report.attacked.failures]
  for (const failure of failures.slice(0, 10)) console.log(failure)
  const isHeld = quantile(report.attacked.latencies, 0.99) <= 2 * quantile(report.quiet.latencies, 0.99)
  process.exitCode = failures.length === 0 && isHeld ? 0 : 1
} finally {
  await target.stop()
}
await rm(folder, { recursive: true })
