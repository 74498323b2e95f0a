import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { BENCHES } from '../../bench/bench.ts'
import { drawPanels } from '../../bench/chart.ts'
import { readCpuMicros, readUsage } from '../../bench/process-usage.ts'
import { interleave } from '../../bench/rounds.ts'
import { exponentOf } from '../../bench/statistics.ts'
import { run } from '../e2e/server-process.ts'

const DOCS = path.join(import.meta.dirname, '..', '..', 'docs')

t.test('without a name it lists the benches, a line each', async (t) => {
  const { ended, stdout } = run(t, 'bench/run.ts', {})
  t.match(await ended, { code: 0 })
  for (const { name, line } of BENCHES) t.ok(stdout.some((words) => words.includes(name) && words.includes(line)), name)
})

t.test('a name that no bench has, and a number that is none, are said', async (t) => {
  const wrong = run(t, 'bench/run.ts', {}, ['cals'])
  t.match(await wrong.ended, { code: 1 })
  t.match(wrong.stderr, ['There is no bench cals.', ''])
  const odd = run(t, 'bench/run.ts', {}, ['calls', '--rounds', 'many'])
  t.match(await odd.ended, { code: 1 })
  t.match(odd.stderr.join('\n'), '--rounds is many; it must be a whole number above 0')
})

t.test('the exponent is that of the power by which a cost grows', async (t) => {
  t.equal(exponentOf([[1, 7], [10, 7], [100, 7]]), 0)
  t.equal(exponentOf([[1, 3], [10, 30], [100, 300]]).toFixed(6), '1.000000')
  t.equal(exponentOf([[2, 4], [3, 9], [5, 25]]).toFixed(6), '2.000000')
})

t.test('each round has everybody, and begins with another one', async (t) => {
  const order: string[] = []
  const samples = await interleave(['a', 'b', 'c'], { rounds: 3, hasWarmUp: true }, async (name, isWarmUp) => {
    order.push(isWarmUp ? name.toUpperCase() : name)
    return order.length
  })
  t.equal(order.join(''), 'ABCabcbcacab')
  t.same([...samples], [['a', [4, 9, 11]], ['b', [5, 7, 12]], ['c', [6, 8, 10]]])
})

t.test('the work and the memory of a process that another has started count as that one\'s', async (t) => {
  const work = 'const until = Date.now() + 300; while (Date.now() < until); console.log("done"); setInterval(() => {}, 1000)'
  const { child, lines, ended } = run(t, 'test/bench/parent.ts', {}, [work])
  await new Promise((resolve) => { lines.once('line', resolve) })
  const pid = child.pid ?? 0
  t.ok(readCpuMicros(pid) >= 200_000, String(readCpuMicros(pid)))
  const { rssBytes, pssBytes } = readUsage(pid)
  t.ok(rssBytes > 40e6 && pssBytes < rssBytes, `${rssBytes} ${pssBytes}`)
  child.kill('SIGTERM')
  await ended
})

t.test('the same figures give the same picture', async (t) => {
  const panels = [
    { kind: 'bars' as const, title: 'bars', bars: [{ name: 'ours', value: 1, isOurs: true }] },
    { kind: 'lines' as const, title: 'lines', sizes: 'runs', costs: 'ms', lines: [{ name: 'cost', points: [[1, 2], [10, 20]] as const }] }
  ]
  const picture = drawPanels(panels)
  t.match(picture, /^<svg.*ours/s)
  t.equal(drawPanels(panels), picture)
})

t.test('the page has the picture and the page of each bench that was measured', async (t) => {
  const page = readFileSync(path.join(DOCS, 'performance.md'), 'utf8')
  for (const { name } of BENCHES.filter(({ isShown }) => isShown)) {
    t.ok(page.includes(`(performance/${name}.svg)`), `${name}.svg`)
    t.ok(page.includes(`(performance/${name}.md)`), `${name}.md`)
  }
})
