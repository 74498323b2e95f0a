import t from 'tap'
import { requireProgram } from '../fixtures/programs.ts'
import { areFigures, runBench } from './run-bench.ts'

const BARE = 'bare Fastify route'
/** One of each kind of program. */
const CONTESTANTS = [
  'mcp-dust-server, sessions', 'SDK v1, McpServer on Express', 'fastify-mcp, McpServer', 'server-everything',
  'mcp-proxy before a stdio server', 'mcp-dust-server, stateless', 'SDK v2 handler, McpServer'
]

t.test('servers of all kinds answer right, and are measured', async (t) => {
  if (await requireProgram(t, 'wrk') === null) return
  const { code, rows, picture } = await runBench(t, 'calls', ...CONTESTANTS.map((name) => `--contestant=${name}`))
  t.equal(code, 0)
  for (const name of [BARE, ...CONTESTANTS]) t.ok(areFigures(rows.get(name)), `${name}: ${rows.get(name)}`)
  t.match(picture, /^<svg/)
})

t.test('a list counts with all of its pages', async (t) => {
  if (await requireProgram(t, 'wrk') === null) return
  const { code, rows } = await runBench(t, 'calls', '--case=tools/list500@10', '--contestant=mcp-dust-server, sessions')
  t.equal(code, 0)
  const cells = rows.get('mcp-dust-server, sessions')
  t.ok(areFigures(cells), String(cells))
  t.ok(Number(rows.get(BARE)?.[6]) > 100, 'kilobytes of a whole list')
})
