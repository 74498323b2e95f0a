import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { requireProgram } from '../fixtures/programs.ts'
import { environmentOf, KUBERNETES, oneOf, parseManifests, podOf, render, renderAll, renderCustomization } from './kustomize.ts'
import { DEPLOY } from './run-program.ts'
import { typeFaults } from './type-faults.ts'

/** A key, one that differs from it as slips do, and where the compiler misses it. */
const MISSPELLINGS = [
  ['livenessProbe', 'livenessprobe', 'IContainer'],
  ['readOnlyRootFilesystem', 'readonlyRootFilesystem', 'ISecurityContext'],
  ['topologySpreadConstraints', 'topologySpreadConstraint', 'IPodSpec'],
  ['maxUnavailable', 'maxUnavialable', 'IRollingUpdateDeployment'],
  ['averageValue', 'avarageValue', 'IMetricTarget'],
  ['policyTypes', 'policytypes', 'INetworkPolicySpec'],
  ['podMetricsEndpoints', 'podMetricEndpoints', 'IPodMonitorSpec']
] as const

t.test('kubectl renders each overlay, with and without the operator, and the compiler finds nothing misspelt', async (t) => {
  const kubectl = await requireProgram(t, 'kubectl')
  if (kubectl === null) return
  const folder = t.testdir()
  const read = (file: string) => parseManifests(readFileSync(path.join(DEPLOY, file), 'utf8'))
  const sets = {
    ...renderAll(kubectl, folder),
    secret: read('kubernetes/secret.example.yaml'),
    'ingress-alb': read('load-balancers/ingress.alb.yaml'),
    'ingress-nginx': read('load-balancers/ingress.nginx.yaml')
  }
  t.same(typeFaults(path.join(folder, 'types'), sets), Object.fromEntries(Object.keys(sets).map((name) => [name, []])))
  for (const [name, manifests] of Object.entries(sets)) t.comment(`${name}: ${manifests.map(({ kind }) => kind).join(', ')}`)
})

t.test('a misspelt key, or a value of another type, is found', async (t) => {
  const kubectl = await requireProgram(t, 'kubectl')
  if (kubectl === null) return
  const folder = t.testdir()
  const text = renderCustomization(kubectl, folder, { resources: ['overlays/replicas'], components: ['components/prometheus-operator'] })
  const faults = typeFaults(path.join(folder, 'types'), {
    ...Object.fromEntries(MISSPELLINGS.map(([right, wrong]) => [wrong, parseManifests(text.replace(`${right}:`, `${wrong}:`))])),
    seconds: parseManifests(text.replace('terminationGracePeriodSeconds: 120', 'terminationGracePeriodSeconds: 120s'))
  })
  for (const [, wrong, type] of MISSPELLINGS) t.match(faults[wrong], [`'"${wrong}"' does not exist in type '${type}'`], wrong)
  t.match(faults['seconds'], ["Type 'string' is not assignable to type 'number'"])
})

t.test('kubectl itself refuses a misspelt kustomization', async (t) => {
  const kubectl = await requireProgram(t, 'kubectl')
  if (kubectl === null) return
  const folder = t.testdir()
  t.throws(() => renderCustomization(kubectl, folder, { resources: ['overlays/single'], namspace: 'typo' }), /namspace/)
})

t.test('the kustomization of the README makes an installation of its own', async (t) => {
  const kubectl = await requireProgram(t, 'kubectl')
  if (kubectl === null) return
  const [, example = ''] = /```yaml\n(apiVersion: kustomize[\s\S]*?)```/.exec(readFileSync(path.join(KUBERNETES, 'README.md'), 'utf8')) ?? []
  const own = example.replaceAll('../mcp-dust-server/deploy/kubernetes', path.relative(t.testdirName, KUBERNETES))
  const manifests = parseManifests(render(kubectl, t.testdir({ 'kustomization.yaml': own })))
  t.same(new Set(manifests.map(({ kind, metadata }) => kind === 'Namespace' ? metadata?.name : metadata?.namespace)), new Set(['dust']), 'all of it in that namespace')
  t.match(podOf(manifests).container.image, /^registry\.example\.com\/mcp-dust-server:\d+\.\d+\.\d+$/)
  t.match(environmentOf(manifests), { DUST_BASE_URL: 'https://eu.dust.tt', SHUTDOWN_DELAY: String })
  t.ok(oneOf(manifests, 'PodMonitor'))
})
