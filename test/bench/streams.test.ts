import t from 'tap'
import { areFigures, runBench } from './run-bench.ts'

t.test('agents speak, and nothing of it is lost', async (t) => {
  const { code, rows, picture } = await runBench(t, 'streams')
  t.equal(code, 0)
  for (const name of ['answer, 99 %', 'all runs']) {
    const cells = rows.get(name)
    t.ok(areFigures(cells?.slice(0, -1)), `${name}: ${cells}`)
  }
  t.match(picture, /^<svg/)
})
