import { parseArgs } from 'node:util'
import { median } from '../../bench/statistics.ts'
import { toMarkdown } from '../../bench/table.ts'
import { createRandom } from '../../src/emulator/random.ts'
import { attemptsAt, unknownLike } from './attempts.ts'
import { setScene } from './belongings.ts'

/** Whether the time that an answer takes tells another caller's things from what nobody has. */
const { values } = parseArgs({ options: { rounds: { type: 'string', default: '300' }, seed: { type: 'string', default: 'one' } } })
const closing: Array<() => unknown> = []
const scene = await setScene({ teardown: (work) => { closing.push(work) } })
const random = createRandom('timing', values.seed)
const attempts = attemptsAt(scene).map((attempt) => ({ ...attempt, theirs: [] as number[], nobodys: [] as number[] }))

for (let round = 0; round < Number(values.rounds); round++) {
  for (const { target, send, theirs, nobodys } of attempts) {
    const pair: Array<[number[], string]> = [[theirs, scene.belongings[target]], [nobodys, unknownLike(random, scene.belongings[target])]]
    for (const [times, id] of random.chance(0.5) ? pair : pair.reverse()) {
      const startedAt = performance.now()
      await (await send(id)).text()
      times.push(performance.now() - startedAt)
    }
  }
}

console.log(`${values.rounds} rounds, Node ${process.version}. The last column is how often the first of a pair took longer: 0.5 when time tells nothing.\n`)
console.log(toMarkdown(['attempt', 'ms, of another caller', 'ms, of nobody', 'longer'], attempts.map(({ name, theirs, nobodys }) => {
  const longer = theirs.filter((time, index) => time > (nobodys[index] ?? 0)).length / theirs.length
  return [name, median(theirs).toFixed(2), median(nobodys).toFixed(2), longer.toFixed(2)]
})))
for (const work of closing.reverse()) await work()
