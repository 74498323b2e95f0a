import t from 'tap'
import { requireProgram } from '../fixtures/programs.ts'
import { areFigures, runBench } from './run-bench.ts'

t.test('the operations of both stores are measured', async (t) => {
  if (await requireProgram(t, 'redis-server') === null) return
  const { code, rows, picture } = await runBench(t, 'store')
  t.equal(code, 0)
  for (const name of ['open a session', 'store an event of 334 bytes', 'sqlite', 'redis']) {
    const cells = rows.get(name)
    t.ok(areFigures(cells?.slice(0, 2)), `${name}: ${cells}`)
  }
  t.match(picture, /^<svg/)
})
