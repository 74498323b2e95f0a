import { parseArgs } from 'node:util'
import { runDust } from './dust-run.ts'
import { isFlat } from './memory.ts'
import { format, tableOfDust, tableOfRequests } from './report.ts'
import { runRequests } from './request-run.ts'

const FINDINGS_SHOWN = 20

const text = { type: 'string' } as const
const { values: { seed, requests, answers } } = parseArgs({
  options: { seed: { ...text, default: '1' }, requests: { ...text, default: '100000' }, answers: { ...text, default: '20000' } }
})
const startedAt = performance.now()
const log = (words: string): void => { console.log(`${((performance.now() - startedAt) / 1000).toFixed(1).padStart(6)} s  ${words}`) }
log(`seed ${seed}`)
// The server of a run ends with this process, but only if it exits.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { process.exit(1) })

const findings: string[] = []
for (const mode of Number(requests) > 0 ? ['none', 'token'] as const : []) {
  const run = await runRequests(mode, Number(seed), Math.ceil(Number(requests) / 2), log)
  conclude(`requests, AUTH_MODE=${mode}`, format(tableOfRequests(run)), run)
}
if (Number(answers) > 0) {
  const run = await runDust(Number(seed), Number(answers), log)
  conclude('answers and events of Dust', format(tableOfDust(run)), run)
}
process.exitCode = findings.length === 0 ? 0 : 1

function conclude (name: string, table: string, run: { findings: string[], rssBytes: number[] }): void {
  const found = [...run.findings, ...isFlat(run.rssBytes) ? [] : ['the memory isn\'t flat']]
  console.log(`\n${name}, seed ${seed}\n${table}\n`)
  for (const finding of found.slice(0, FINDINGS_SHOWN)) console.log(finding)
  findings.push(...found)
}
