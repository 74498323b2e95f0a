import t from 'tap'
import { areFigures, runBench } from './run-bench.ts'

t.test('the server starts, as it is built and from its sources', async (t) => {
  const { code, rows, picture } = await runBench(t, 'start')
  t.equal(code, 0)
  for (const name of ['as it is built', 'from its sources']) {
    const cells = rows.get(name)
    t.ok(areFigures(cells), `${name}: ${cells}`)
  }
  t.match(picture, /^<svg/)
})
