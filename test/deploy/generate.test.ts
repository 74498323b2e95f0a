import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createFiles } from '../../deploy/source/files.ts'
import { createNames } from '../../deploy/source/names.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { DEPLOY, run } from './run-program.ts'

const GENERATE = path.join(DEPLOY, 'source', 'generate.ts')

function ymlFiles (folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.yml')).sort()
}

t.test('the committed files are those that npm run deploy:generate writes', async (t) => {
  const files = createFiles(createNames())
  for (const [file, content] of files) t.equal(readFileSync(path.join(DEPLOY, file), 'utf8'), content, file)
  for (const folder of ['prometheus', 'alertmanager']) {
    const generated = [...files.keys()].filter((file) => file.startsWith(`${folder}/`)).map((file) => path.relative(folder, file))
    t.same(ymlFiles(path.join(DEPLOY, folder)), generated.sort(), `nothing else is in ${folder}`)
  }
})

t.test('another prefix, job and place of the runbooks make a set of their own that Prometheus accepts', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  if (promtool === null) return
  const out = t.testdir()
  const generated = run(process.execPath, GENERATE, '--prefix', 'other', '--job', 'other-job', '--runbooks', 'https://git.example.com/main/', '--out', out)
  t.same(generated, { status: 0, output: '', said: '' })
  t.same(ymlFiles(out), [...createFiles(createNames()).keys()].sort())

  const alerts = readFileSync(path.join(out, 'prometheus/rules/mcp-dust-server.alerts.yml'), 'utf8')
  t.notMatch(alerts, 'mcp_dust_server')
  t.match(alerts, 'job="other-job"')
  t.match(alerts, 'runbook_url: https://git.example.com/main/docs/runbooks.md#storedown')
  const config = run(promtool, 'check', 'config', '--lint=all', '--lint-fatal', path.join(out, 'prometheus/prometheus.yml'))
  t.equal(config.status, 0, config.said)
  for (const file of ymlFiles(path.join(out, 'prometheus/rules'))) {
    const rules = run(promtool, 'check', 'rules', '--lint=all', '--lint-fatal', path.join(out, 'prometheus/rules', file))
    t.equal(rules.status, 0, rules.said)
  }
  const tests = run(promtool, 'test', 'rules', path.join(out, 'prometheus/tests/http.yml'))
  t.equal(tests.status, 0, tests.said)
})

t.test('a prefix that no metric can have is refused', async (t) => {
  const { status, said } = run(process.execPath, GENERATE, '--prefix', '1-bad', '--out', t.testdir())
  t.not(status, 0)
  t.match(said, 'The prefix must be letters')
})
