import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { measureIdleSessions } from './store/idle-sessions.ts'
import { measureOperations } from './store/operations.ts'
import { measureRestore } from './store/restore.ts'
import { soak } from './store/soak.ts'

/**
 * What the stores cost: a file of SQLite, and a Redis on the loopback address. With `--part` only some of it, which may come
 * again: `operations`, `restore`, `idle`, `soak`.
 */
const PARTS = ['operations', 'restore', 'idle', 'soak']
const { values } = parseArgs({
  options: {
    part: { type: 'string', multiple: true, default: PARTS },
    rounds: { type: 'string', default: '20' },
    minutes: { type: 'string', default: '6' },
    seed: { type: 'string', default: 'one' }
  }
})
const wrong = values.part.filter((part) => !PARTS.includes(part))
if (wrong.length > 0) throw new Error(`There is no part ${wrong.join(', ')}, only ${PARTS.join(', ')}`)

const load = (): string => loadavg().map((load) => load.toFixed(1)).join(' ')
console.log(`Node ${process.version}, ${availableParallelism()} CPUs, load before ${load()}`)
for (const part of values.part) {
  console.log(`\n## ${part}\n`)
  switch (part) {
    case 'operations':
      console.log(await measureOperations(Number(values.rounds)))
      break
    case 'restore':
      console.log(await measureRestore())
      break
    case 'idle':
      console.log(await measureIdleSessions())
      break
    case 'soak': {
      const { report, failed } = await soak(Number(values.minutes), values.seed)
      console.log(report)
      process.exitCode = failed === 0 ? 0 : 1
    }
  }
}
console.log(`\nload after ${load()}`)
