import { createRandom } from '../../src/emulator/random.ts'
import { attemptsAt, unknownLike } from '../../test/strangers/attempts.ts'
import { setScene } from '../../test/strangers/belongings.ts'
import type { Order } from '../bench.ts'
import type { Report } from '../report.ts'
import { median } from '../statistics.ts'

/** Whether the time that an answer takes tells another caller's things from what nobody has. */
export async function run ({ rounds, isQuick, flags }: Order): Promise<Report> {
  const times = rounds ?? (isQuick ? 5 : 300)
  const seed = flags['seed']?.at(-1) ?? 'one'
  const closing: Array<() => unknown> = []
  const scene = await setScene({ teardown: (work) => { closing.push(work) } })
  const random = createRandom('timing', seed)
  const attempts = attemptsAt(scene).map((attempt) => ({ ...attempt, theirs: [] as number[], nobodys: [] as number[] }))
  for (let round = 0; round < times; round++) {
    for (const { target, send, theirs, nobodys } of attempts) {
      const pair: Array<[number[], string]> = [[theirs, scene.belongings[target]], [nobodys, unknownLike(random, scene.belongings[target])]]
      for (const [taken, id] of random.chance(0.5) ? pair : pair.reverse()) {
        const startedAt = performance.now()
        await (await send(id)).text()
        taken.push(performance.now() - startedAt)
      }
    }
  }
  for (const work of closing.reverse()) await work()
  return {
    method: [`Somebody asks for what another caller has, and for what nobody has, in a random order; ${times} rounds, seed ${seed}. The last column is how often the first of a pair took longer: 0.5 when time tells nothing.`],
    tables: [{
      title: 'Attempts',
      head: ['', 'ms, of another caller', 'ms, of nobody', 'longer'],
      rows: attempts.map(({ name, theirs, nobodys }) => {
        const longer = theirs.filter((time, index) => time > (nobodys[index] ?? 0)).length / theirs.length
        return [name, median(theirs).toFixed(2), median(nobodys).toFixed(2), longer.toFixed(2)]
      })
    }],
    growth: [],
    panels: [{ kind: 'bars', title: 'ms, of another caller and of nobody', bars: attempts.flatMap(({ name, theirs, nobodys }) => [{ name, value: median(theirs), isOurs: true }, { name: `${name}, nobody's`, value: median(nobodys) }]) }],
    packages: [],
    failures: []
  }
}
