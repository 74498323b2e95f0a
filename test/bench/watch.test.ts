import t from 'tap'
import { requireProgram } from '../fixtures/programs.ts'
import { areFigures, runBench } from './run-bench.ts'

t.test('requests are measured with and without metrics and logs, and so are scrapes', async (t) => {
  if (await requireProgram(t, 'wrk') === null) return
  const { code, rows, picture } = await runBench(t, 'watch')
  t.equal(code, 0)
  for (const name of ['neither', 'metrics', 'logs', 'metrics and logs', 'metrics and logs, also into a file']) t.ok(areFigures(rows.get(name)?.slice(0, 1)), name)
  t.ok(areFigures(rows.get('1,000')), 'a scrape with so many sessions')
  t.match(picture, /^<svg/)
})
