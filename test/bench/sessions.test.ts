import t from 'tap'
import { areFigures, runBench } from './run-bench.ts'

t.test('sessions are opened, restored and forgotten', async (t) => {
  const { code, rows, picture } = await runBench(t, 'sessions')
  t.equal(code, 0)
  for (const name of ['opening one more', 'restoring one', 'longest delay of the event loop']) {
    const cells = rows.get(name)
    t.ok(areFigures(cells?.slice(0, -1)), `${name}: ${cells}`)
  }
  t.match(picture, /^<svg/)
})
