import { readFileSync } from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { POD } from '../../deploy/source/names.ts'
import { ConfigError, loadConfig } from '../../src/config.ts'
import { environmentSchema } from '../../src/config/environment.ts'
import { version } from '../../src/version.ts'
import { MetricsPage } from '../fixtures/metrics.ts'
import { requireProgram } from '../fixtures/programs.ts'
import { startServiceAlone } from '../helper.ts'
import { allOf, environmentOf, KUBERNETES, oneOf, parseManifests, podOf, renderAll, type Manifest } from './kustomize.ts'

/** What src/server.ts takes at most to close when all is drained, and something for the node itself. */
const CLOSING_MS = 10_000 + 5000
/** For how long clouds warn before they take a node back. */
const WARNING_MS = 120_000

const secret = oneOf(parseManifests(readFileSync(path.join(KUBERNETES, 'secret.example.yaml'), 'utf8')), 'Secret')
const FILLED_SECRET = { DUST_API_KEY: 'sk-none', DUST_WORKSPACE_ID: 'none', AUTH_TOKENS: 'ada:a-long-random-word', REQUEST_STATE_KEY: 'the-same-random-words-for-all-of-the-pods' }

const kubectl = await requireProgram(t, 'kubectl')
const installations = kubectl === null ? [] : Object.entries(renderAll(kubectl, t.testdir()))

function faultsOf (environment: Record<string, string>): readonly string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.faults
  }
}

/** The configuration that the pods start with. */
function configOf (manifests: Manifest[]) {
  return loadConfig({ ...environmentOf(manifests), ...FILLED_SECRET })
}

for (const [name, manifests] of installations) {
  t.test(`${name}: the server accepts the settings`, async (t) => {
    const environment = environmentOf(manifests)
    const known = Object.keys(environmentSchema.properties)
    t.same([...Object.keys(environment), ...Object.keys(secret.stringData ?? {})].filter((variable) => !known.includes(variable)), [])
    t.same(faultsOf({ ...environment, ...FILLED_SECRET }), [])
    t.same(Object.keys(FILLED_SECRET), Object.keys(secret.stringData ?? {}), 'of the Secret as its template says')
    t.match(faultsOf({ ...environment, ...secret.stringData }).join('\n'), /DUST_API_KEY is not set[\s\S]*DUST_WORKSPACE_ID is not set/, 'but not the template of the Secret as it is')
    t.equal(podOf(manifests).container.envFrom?.at(-1)?.secretRef?.name, secret.metadata?.name)
  })

  t.test(`${name}: the image is that of this version`, async (t) => {
    t.equal(podOf(manifests).container.image, `mcp-dust-server:${version}`)
    t.equal(podOf(manifests).labels['app.kubernetes.io/version'], version)
  })

  t.test(`${name}: probes and annotations lead to routes of the server, at its port`, async (t) => {
    const { container, annotations } = podOf(manifests)
    const { server, metrics } = configOf(manifests)
    t.match(container.ports, [{ name: POD.port, containerPort: server.port }])
    const { address } = await startServiceAlone(t)
    const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
    t.same(probes.map((probe) => probe?.httpGet?.path), ['/livez', '/livez', '/ready'])
    for (const probe of probes) {
      t.equal(probe?.httpGet?.port, POD.port)
      t.equal((await fetch(`${address}${probe?.httpGet?.path}`)).status, 200)
    }
    if (name.endsWith('-with-operator')) t.same(annotations, {}, 'the operator finds the pods without them')
    else t.same(annotations, { 'prometheus.io/scrape': 'true', 'prometheus.io/path': metrics.path, 'prometheus.io/port': String(server.port) })
    t.equal((await fetch(`${address}${metrics.path}`)).status, 200)
  })

  t.test(`${name}: a pod that stops has the time that the server takes for it`, async (t) => {
    const { shutdownDelayMs, drainTimeoutMs } = configOf(manifests).server
    t.ok(shutdownDelayMs > 0, 'and the nodes have time to hear of it')
    const grace = Number(podOf(manifests).spec.terminationGracePeriodSeconds) * 1000
    t.ok(grace >= shutdownDelayMs + drainTimeoutMs + CLOSING_MS, `${grace} ms for ${shutdownDelayMs} + ${drainTimeoutMs} + ${CLOSING_MS}`)
  })

  t.test(`${name}: everything that selects pods selects these`, async (t) => {
    const { labels, container, spec } = podOf(manifests)
    const deployment = oneOf(manifests, 'Deployment')
    t.equal(labels['app.kubernetes.io/name'], POD.app, 'by which the other Prometheus finds them')
    const selectors = [
      deployment.spec?.selector.matchLabels,
      oneOf(manifests, 'Service').spec?.selector,
      oneOf(manifests, 'PodDisruptionBudget').spec?.selector?.matchLabels,
      oneOf(manifests, 'NetworkPolicy').spec?.podSelector?.matchLabels,
      ...(spec.topologySpreadConstraints ?? []).map(({ labelSelector }) => labelSelector?.matchLabels),
      ...allOf(manifests, 'PodMonitor').map((monitor) => monitor.spec?.selector.matchLabels)
    ]
    for (const selector of selectors) {
      t.not(Object.keys(selector ?? {}).length, 0)
      t.match(labels, selector ?? {})
    }
    const ports = container.ports?.map((port) => port.name)
    for (const port of oneOf(manifests, 'Service').spec?.ports ?? []) t.ok(ports?.includes(String(port.targetPort)))
    for (const rule of oneOf(manifests, 'NetworkPolicy').spec?.ingress ?? []) for (const { port } of rule.ports ?? []) t.ok(ports?.includes(String(port)))
  })

  t.test(`${name}: the pod may do nothing that it doesn't have to`, async (t) => {
    const { spec, container } = podOf(manifests)
    t.match(spec, { automountServiceAccountToken: false, securityContext: { runAsNonRoot: true, runAsUser: 1000, runAsGroup: 1000, seccompProfile: { type: 'RuntimeDefault' } } })
    t.match(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } })
    t.match(container.resources, { requests: { cpu: String, memory: String }, limits: { memory: String } })
    t.match(oneOf(manifests, 'Namespace').metadata?.labels, { 'pod-security.kubernetes.io/enforce': 'restricted' })
  })

  t.test(`${name}: all is in one namespace and named after the service`, async (t) => {
    for (const { kind, metadata } of manifests) {
      t.equal(kind === 'Namespace' ? metadata?.name : metadata?.namespace, 'mcp-dust-server')
      t.match(metadata?.name, /^mcp-dust-server/)
      t.ok(metadata?.labels?.['app.kubernetes.io/name'] === 'mcp-dust-server' || metadata?.labels?.['grafana_dashboard'] === '1', `${kind} ${metadata?.name}`)
    }
  })
}

t.test('single: the sessions are on the volume, which one pod at a time has', async (t) => {
  if (await requireProgram(t, 'kubectl') === null) return
  for (const [, manifests] of installations.filter(([name]) => name.startsWith('single'))) {
    const { spec, container } = podOf(manifests)
    const [mount] = container.volumeMounts ?? []
    t.equal(path.dirname(configOf(manifests).sessions.storeUrl.replace('sqlite:', '')), mount?.mountPath)
    const volume = spec.volumes?.find((candidate) => candidate.name === mount?.name)
    t.equal(volume?.persistentVolumeClaim?.claimName, oneOf(manifests, 'PersistentVolumeClaim').metadata?.name)
    t.equal(spec.securityContext?.fsGroup, spec.securityContext?.runAsGroup, 'the server may write there')
    t.match(oneOf(manifests, 'Deployment').spec, { replicas: 1, strategy: { type: 'Recreate' } })
  }
})

t.test('replicas: the autoscaler goes by a metric of the server, and has their number to itself', async (t) => {
  if (await requireProgram(t, 'kubectl') === null) return
  const { address } = await startServiceAlone(t)
  const { types } = new MetricsPage(await (await fetch(`${address}/metrics`)).text())
  for (const [, manifests] of installations.filter(([name]) => name.startsWith('replicas'))) {
    const deployment = oneOf(manifests, 'Deployment')
    t.equal(deployment.spec?.replicas, undefined)
    t.equal(podOf(manifests).container.volumeMounts, undefined, 'nothing is kept in a pod')
    const { scaleTargetRef, metrics, minReplicas } = oneOf(manifests, 'HorizontalPodAutoscaler').spec ?? {}
    t.same(scaleTargetRef, { apiVersion: deployment.apiVersion, kind: deployment.kind, name: deployment.metadata?.name })
    t.ok(Number(minReplicas) > 1, 'so that one may go')
    t.match(deployment.spec?.strategy?.rollingUpdate, { maxUnavailable: 0 }, 'an update takes nothing away before the new is ready')
    t.equal(oneOf(manifests, 'PodDisruptionBudget').spec?.maxUnavailable, 1)
    t.ok(Number(podOf(manifests).spec.terminationGracePeriodSeconds) * 1000 <= WARNING_MS, 'a pod on a node that is taken back has the time to stop')
    for (const { pods } of metrics ?? []) {
      t.equal(types.get(pods?.metric.name ?? ''), 'gauge')
      t.ok(Number(pods?.target.averageValue) < configOf(manifests).dust.maxRuns, 'and there are more before the first is full')
    }
    t.match(oneOf(manifests, 'NetworkPolicy').spec?.egress?.at(-1), { ports: [{ port: Number(new URL(String(environmentOf(manifests)['STORE_URL'])).port) }] }, 'Redis can be reached')
  }
})
