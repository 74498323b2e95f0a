import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { createFiles } from '../../deploy/source/files.ts'
import { createNames } from '../../deploy/source/names.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { DEPLOY, run } from './run-program.ts'

const GENERATE = path.join(DEPLOY, 'source', 'generate.ts')

function filesIn (folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile()).map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name))).sort()
}

t.test('the committed files are those that npm run deploy:generate writes', async (t) => {
  const files = createFiles(createNames())
  for (const [file, content] of files) t.equal(readFileSync(path.join(DEPLOY, file), 'utf8'), content, file)
  for (const folder of ['prometheus', 'alertmanager', 'grafana']) {
    const generated = [...files.keys()].filter((file) => file.startsWith(`${folder}/`)).map((file) => path.relative(folder, file))
    // What lists the dashboards for kustomize must be beside them; secrets are the operator's.
    const committed = filesIn(path.join(DEPLOY, folder)).filter((file) => !file.endsWith('kustomization.yaml') && !file.startsWith('secrets/'))
    t.same(committed, generated.sort(), `nothing else is in ${folder}`)
  }
})

t.test('another prefix, path, job and place of the runbooks make a set of their own that Prometheus accepts', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  if (promtool === null) return
  const out = t.testdir()
  const generated = run(process.execPath, GENERATE, '--prefix', 'other', '--metrics-path', '/internal/numbers.txt', '--job', 'other-job', '--runbooks', 'https://git.example.com/main/', '--out', out)
  t.same(generated, { status: 0, output: '', said: '' })
  t.same(filesIn(out), [...createFiles(createNames()).keys()].sort())

  const alerts = readFileSync(path.join(out, 'prometheus/rules/mcp-dust-server.alerts.yml'), 'utf8')
  t.notMatch(alerts, 'mcp_dust_server')
  t.match(alerts, 'job="other-job"')
  t.match(alerts, 'runbook_url: https://git.example.com/main/docs/runbooks.md#storedown')
  t.match(readFileSync(path.join(out, 'kubernetes/overlays/replicas/autoscaler.yaml'), 'utf8'), 'name: other_agent_runs_in_progress')
  t.match(readFileSync(path.join(out, 'kubernetes/components/prometheus-operator/pod-monitor.yaml'), 'utf8'), 'replacement: other-job')
  t.match(readFileSync(path.join(out, 'kubernetes/components/prometheus-operator/pod-monitor.yaml'), 'utf8'), 'path: /internal/numbers.txt')
  for (const file of ['prometheus.yml', 'prometheus.kubernetes.yml', 'prometheus.kubernetes-annotations.yml']) {
    t.match(readFileSync(path.join(out, 'prometheus', file), 'utf8'), 'metrics_path: /internal/numbers.txt', file)
  }
  t.match(alerts, String.raw`path!~"/livez|/health|/ready|/internal/numbers\\.txt|/|/status/:file|/status/events|unmatched"`, 'scrapes, and people who watch, are no requests of clients there, either')
  const config = run(promtool, 'check', 'config', '--lint=all', '--lint-fatal', path.join(out, 'prometheus/prometheus.yml'))
  t.equal(config.status, 0, config.said)
  for (const file of filesIn(path.join(out, 'prometheus/rules'))) {
    const rules = run(promtool, 'check', 'rules', '--lint=all', '--lint-fatal', path.join(out, 'prometheus/rules', file))
    t.equal(rules.status, 0, rules.said)
  }
  for (const file of filesIn(path.join(out, 'grafana'))) {
    t.notMatch(readFileSync(path.join(out, 'grafana', file), 'utf8'), /mcp[_-]dust[_-]server/, `${file} is of the other set alone`)
  }
  const tests = run(promtool, 'test', 'rules', path.join(out, 'prometheus/tests/http.yml'))
  t.equal(tests.status, 0, tests.said)
})

t.test('a speed divides every duration, and nothing else', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  const amtool = await requireProgram(t, 'amtool')
  if (promtool === null || amtool === null) return
  const out = t.testdir()
  t.same(run(process.execPath, GENERATE, '--speed', '60', '--out', out), { status: 0, output: '', said: '' })
  const read = (file: string): string => readFileSync(path.join(out, file), 'utf8')
  const config = read('prometheus/prometheus.yml')
  const alerts = read('prometheus/rules/mcp-dust-server.alerts.yml')
  const recorded = read('prometheus/rules/mcp-dust-server.rules.yml')

  for (const file of [config, alerts, recorded, read('alertmanager/alertmanager.yml')]) t.notMatch(file, /\[\d+[mhd]\]|^ *(- )?(for|\w+_(interval|wait|timeout)): \d+[smhd]$/m)
  t.match(config, 'scrape_interval: 500ms', 'no shorter than a busy machine can answer')
  t.match(alerts, 'for: 2000ms')
  t.match(alerts, /health_check_last_success_timestamp_seconds{.*} > 5$/m)
  t.match(alerts, 'job:mcp_server_operation_errors:ratio_rate5m > (14.4 * 0.005)')
  t.match(alerts, 'not answered Prometheus for 2m.')
  t.match(recorded, /record: job:mcp_server_operation_errors:ratio_rate3d\n.*\n.*\n.*\[4320000ms\]/)
  t.notOk(filesIn(out).some((file) => file.includes('tests/')), 'the unit tests are about minutes')

  const checked = run(promtool, 'check', 'config', '--lint=all', '--lint-fatal', path.join(out, 'prometheus/prometheus.yml'))
  t.equal(checked.status, 0, checked.said)
  const routed = run(amtool, 'check-config', path.join(out, 'alertmanager/alertmanager.yml'))
  t.equal(routed.status, 0, routed.said)
})

t.test('a speed at which a window would hold too few scrapes is refused, and one that is no number', async (t) => {
  for (const speed of ['61', '0.5', 'fast']) {
    const { status, said } = run(process.execPath, GENERATE, '--speed', speed, '--out', t.testdirName)
    t.not(status, 0)
    t.match(said, 'The speed must be a number from 1 to 60')
  }
})

t.test('a path that the server would refuse is refused', async (t) => {
  const { status, said } = run(process.execPath, GENERATE, '--metrics-path', 'metrics', '--out', t.testdir())
  t.not(status, 0)
  t.match(said, 'The metrics path must be a path such as /metrics')
})

t.test('a prefix that no metric can have is refused', async (t) => {
  const { status, said } = run(process.execPath, GENERATE, '--prefix', '1-bad', '--out', t.testdir())
  t.not(status, 0)
  t.match(said, 'The prefix must be letters')
})
