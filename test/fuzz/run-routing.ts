import { parseArgs } from 'node:util'
import { watched } from './era-watch.ts'
import { readRestlessGauges } from './gauges.ts'
import { startTarget } from './routing-target.ts'
import { fuzzRouting } from './routing.ts'

const { values: { seed, count } } = parseArgs({ options: { seed: { type: 'string', default: '1' }, count: { type: 'string', default: '20000' } } })
const target = await startTarget()
const startedAt = performance.now()
const { statuses, streams, faults } = await fuzzRouting(target.address, { seed: Number(seed), count: Number(count) })
const seconds = Math.round((performance.now() - startedAt) / 1000)
const restless = Object.entries(await readRestlessGauges(target.address)).map(([series, value]) => `${series} is still ${value}`)
await target.close()

console.log(`${count} requests with seed ${seed} in ${seconds} s, ${streams} answered by a stream`)
console.log('statuses', statuses)
console.log('lanes, by the SDK', { session: watched.session, stateless: watched.stateless })
const all = [...faults, ...watched.disagreements, ...restless]
for (const fault of all.slice(0, 20)) console.log(fault)
console.log(`${faults.length} faulty answers, ${watched.disagreements.length} disagreements on the lane, ${restless.length} gauges that don't rest`)
process.exitCode = all.length === 0 ? 0 : 1
