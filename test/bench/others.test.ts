import t from 'tap'
import { areFigures, runBench } from './run-bench.ts'

t.test('callers with keys of their own are measured', async (t) => {
  const { code, rows } = await runBench(t, 'keys')
  t.equal(code, 0)
  t.ok(areFigures(rows.get('second time, 50 keys')))
})

t.test('what strangers try is measured', async (t) => {
  const { code, rows } = await runBench(t, 'strangers')
  t.equal(code, 0)
  t.ok(areFigures(rows.get('joins the session')))
})

t.test('visitors come and go, and nothing fails', async (t) => {
  const { code, rows } = await runBench(t, 'soak', '--minutes=0.02')
  t.equal(code, 0)
  t.ok(areFigures(rows.get('heap, MB')?.slice(0, 2)))
})
