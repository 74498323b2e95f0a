import { spawnSync } from 'node:child_process'
import path from 'node:path'
import t from 'tap'
import { tellStory } from '../../src/demo/story.ts'
import { readFile, snippetsOf } from '../fixtures/markdown.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { scrapeOften, startPrometheus } from '../fixtures/prometheus.ts'
import { connect, startEmulator, startService, until } from '../helper.ts'

const monitoring = readFile('docs/monitoring.md')
/** What a shell is to do has no file that it could be from. */
const isCommand = ({ text }: { text: string }): boolean => text.startsWith('docker ')

for (const page of ['docs/monitoring.md', 'docs/scaling.md']) {
  t.test(`each snippet of ${page} is a piece of the file that it names`, async (t) => {
    const copied = snippetsOf(readFile(page)).filter((snippet) => !isCommand(snippet) && snippet.caption !== '`GET /health`')
    t.ok(copied.length > 5)
    for (const { caption, text } of copied) {
      const [, named = '', link = ''] = /^\[(.+)\]\((.+)\)$/.exec(caption) ?? []
      t.equal(path.join('docs', link), named, `a link to a file stands before ${JSON.stringify(text.slice(0, 40))}`)
      t.ok(readFile(named).includes(`\n${text}`), `${named} has ${JSON.stringify(text.slice(0, 40))}`)
    }
  })
}

t.test('the report that it shows has what a running server reports', async (t) => {
  const { environment } = await startEmulator(t)
  const { address } = await startService(t, environment)
  const shown = Object(JSON.parse(snippetsOf(monitoring).find(({ caption }) => caption === '`GET /health`')?.text ?? '')) as { version: string, checks: object }
  const read = async () => Object(await (await fetch(`${address}/health`)).json()) as { checks: object }
  await until(async () => !JSON.stringify(await read()).includes('"pending"'))
  const report = await read()
  const kinds = (value: object): unknown => Object.entries(value).map(([key, part]) => typeof part === 'object' ? [key, kinds(Object(part))] : [key, key === 'status' ? part : typeof part])
  t.same(kinds(shown), kinds(report))
})

t.test('each query that it shows is answered with data', async (t) => {
  const program = await requireProgram(t, 'prometheus')
  if (program === null) return
  const queries = [...monitoring.matchAll(/^\| [^|]+\? \| `(.+)` \|$/gm)].map(([, query = '']) => query)
  t.ok(queries.length > 10)
  const { environment } = await startEmulator(t, { pace: 0.1 })
  const { address } = await startService(t, environment)
  const { query } = await startPrometheus(t, program, t.testdir(), scrapeOften(address))
  const scrapes = async (): Promise<number> => Number((await query('sum_over_time(up[1m])'))[0]?.value[1] ?? 0)
  const { client } = await connect(t, address)
  for (let time = 1; time <= 2; time++) {
    await tellStory(address, () => {})
    await client.callTool({ name: 'dust_ask_agent', arguments: { agent: 'unlucky', message: 'Is something wrong?' } })
    const before = await scrapes()
    await until(async () => await scrapes() >= before + 2)
  }
  for (const expression of queries) {
    const samples = await query(expression)
    t.ok(samples.some(({ value: [, value] }) => Number.isFinite(Number(value))), `${expression}: ${samples.length} series`)
  }
})

t.test('nginx takes the configuration that docs/scaling.md shows', async (t) => {
  const program = await requireProgram(t, 'nginx')
  if (program === null) return
  const shown = snippetsOf(readFile('docs/scaling.md')).find(({ text }) => text.startsWith('upstream'))?.text ?? ''
  const folder = t.testdir({ 'nginx.conf': `pid nginx.pid; error_log stderr; events {} http { access_log off; ${shown.replace(/mcp-\d/g, '127.0.0.1').replace('listen 80', 'listen 127.0.0.1:8080')} }` })
  const { status, stderr } = spawnSync(program, ['-t', '-p', folder, '-c', 'nginx.conf'], { encoding: 'utf8' })
  t.match(stderr, /syntax is ok/)
  t.equal(status, 0)
})
