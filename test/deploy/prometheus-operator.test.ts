import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { stringify } from 'yaml'
import { createNames } from '../../deploy/source/names.ts'
import { createRules } from '../../deploy/source/rules.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { allOf, oneOf, parseManifests, renderCustomization, type Manifest } from './kustomize.ts'
import { DEPLOY, run } from './run-program.ts'

const DASHBOARDS = path.join(DEPLOY, 'grafana', 'dashboards')

/** What is installed with the operator; `null` without kubectl. */
async function renderWithOperator (t: Test): Promise<Manifest[] | null> {
  const kubectl = await requireProgram(t, 'kubectl')
  if (kubectl === null) return null
  return parseManifests(renderCustomization(kubectl, t.testdir(), { resources: ['overlays/single'], components: ['components/prometheus-operator'] }))
}

t.test('the rules are those of the other Prometheus, and promtool finds no fault with them', async (t) => {
  const manifests = await renderWithOperator(t)
  const promtool = await requireProgram(t, 'promtool')
  if (manifests === null || promtool === null) return
  const { spec } = oneOf(manifests, 'PrometheusRule')
  const { recording, alerts } = createRules(createNames())
  t.same(spec?.groups, [...recording, ...alerts])
  const file = path.join(t.testdir(), 'rules.yml')
  writeFileSync(file, stringify(spec))
  const { status, said } = run(promtool, 'check', 'rules', '--lint=all', '--lint-fatal', file)
  t.equal(status, 0, said)
})

t.test('the pods are scraped under the job and with the labels that rules and autoscaler go by', async (t) => {
  const manifests = await renderWithOperator(t)
  if (manifests === null) return
  const [endpoint, ...others] = oneOf(manifests, 'PodMonitor').spec?.podMetricsEndpoints ?? []
  t.same(others, [])
  t.match(endpoint, { port: 'http', path: '/metrics', interval: '10s' })
  // The operator itself adds the labels namespace, pod and container.
  t.same(endpoint?.relabelings, [
    { targetLabel: 'job', replacement: createNames().job },
    { targetLabel: 'node', sourceLabels: ['__meta_kubernetes_pod_node_name'] }
  ])
})

t.test('each dashboard is in a ConfigMap that the sidecar finds, under a name of its own', async (t) => {
  const manifests = await renderWithOperator(t)
  if (manifests === null) return
  const maps = allOf(manifests, 'ConfigMap').filter(({ metadata }) => metadata?.labels?.['grafana_dashboard'] === '1')
  const contents = Object.fromEntries(maps.flatMap(({ data }) => Object.entries(data ?? {})))
  const files = readdirSync(DASHBOARDS).filter((file) => file.endsWith('.json'))
  t.same(contents, Object.fromEntries(files.map((file) => [`mcp-dust-server-${file}`, readFileSync(path.join(DASHBOARDS, file), 'utf8')])))
  // A ConfigMap holds 1 MiB, and what kubectl writes beside it 256 KiB.
  for (const [name, content] of Object.entries(contents)) t.ok(content.length < 250_000, `${name}: ${content.length} characters`)
})
