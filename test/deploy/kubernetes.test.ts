import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import t, { type Test } from 'tap'
import { parse, stringify } from 'yaml'
import { requireProgram } from '../fixtures/programs.ts'
import { DEPLOY, run } from './run-program.ts'

type Labels = Record<string, string>

interface Discovered {
  discoveredLabels: Labels
  labels: Labels
}

const META = '__meta_kubernetes'
const OURS = { [`${META}_pod_label_app_kubernetes_io_name`]: 'mcp-dust-server' }
const ANNOTATED = { [`${META}_pod_annotation_prometheus_io_scrape`]: 'true', [`${META}_pod_annotation_prometheus_io_port`]: '5001' }

/** A container's port as Prometheus' Kubernetes discovery describes it. */
function pod (name: string, ip: string, port: string, labels: Labels): { targets: string[], labels: Labels } {
  return {
    targets: [ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`],
    labels: {
      [`${META}_namespace`]: 'mcp',
      [`${META}_pod_name`]: name,
      [`${META}_pod_node_name`]: 'node-1',
      [`${META}_pod_ip`]: ip,
      [`${META}_pod_phase`]: 'Running',
      [`${META}_pod_container_port_name`]: 'http',
      [`${META}_pod_label_instance`]: 'evil',
      [`${META}_pod_label_pod_template_hash`]: '6d4cf56db6',
      ...ANNOTATED,
      ...labels
    }
  }
}

const PODS = [
  pod('ours', '10.0.0.1', '5001', OURS),
  pod('ours-v6', 'fd00::1', '5001', OURS),
  pod('ours-sidecar', '10.0.0.2', '9999', { ...OURS, [`${META}_pod_container_port_name`]: 'proxy', [`${META}_pod_annotation_prometheus_io_path`]: '/numbers' }),
  pod('ours-v6-sidecar', 'fd00::2', '9999', { ...OURS, [`${META}_pod_container_port_name`]: 'proxy' }),
  pod('finished', '10.0.0.3', '5001', { ...OURS, [`${META}_pod_phase`]: 'Succeeded' }),
  pod('evicted', '10.0.0.4', '5001', { ...OURS, [`${META}_pod_phase`]: 'Failed' }),
  pod('silent', '10.0.0.5', '5001', { ...OURS, [`${META}_pod_annotation_prometheus_io_scrape`]: 'false' }),
  pod('foreign', '10.0.0.6', '9187', { [`${META}_pod_label_app_kubernetes_io_name`]: 'postgres-exporter' }),
  pod('nameless', '10.0.0.7', '5001', {})
]

/**
 * What Prometheus would scrape of these pods. Debian's promtool can't discover in Kubernetes,
 * so the pods are written into the configuration with the labels that they would have been found with.
 */
function scraped (t: Test, promtool: string, file: string): Labels[] {
  const config = Object(parse(readFileSync(path.join(DEPLOY, 'prometheus', file), 'utf8'))) as { scrape_configs: Array<Record<string, unknown>> }
  const found = config.scrape_configs.map(({ kubernetes_sd_configs: discovery, ...rest }) => discovery === undefined ? rest : { ...rest, static_configs: PODS })
  const replaced = path.join(t.testdir(), 'prometheus.yml')
  writeFileSync(replaced, stringify({ scrape_configs: found }))
  // It listens for changes until its time is over; these targets come at once.
  const { status, output, said } = run(promtool, 'check', 'service-discovery', '--timeout=2s', replaced, 'mcp-dust-server')
  t.equal(status, 0, said)
  const targets = JSON.parse(output) as Discovered[]
  t.equal(targets.length, PODS.length, 'all pods were looked at')
  return targets.map(({ labels }) => labels).filter((labels) => '__address__' in Object(labels)).sort((a, b) => String(a['pod']).localeCompare(String(b['pod'])))
}

function target (pod: string, address: string, metricsPath = '/metrics'): Labels {
  return {
    __address__: address,
    __metrics_path__: metricsPath,
    __scheme__: 'http',
    __scrape_interval__: '10s',
    __scrape_timeout__: '10s',
    instance: address,
    job: 'mcp-dust-server',
    namespace: 'mcp',
    node: 'node-1',
    pod
  }
}

t.test('by label: our running pods at their port http, and nobody else', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  if (promtool === null) return
  t.same(scraped(t, promtool, 'prometheus.kubernetes.yml'), [
    target('ours', '10.0.0.1:5001'),
    target('ours-v6', '[fd00::1]:5001'),
    target('silent', '10.0.0.5:5001')
  ])
})

t.test('by annotation: our running pods that ask for it, at the port and path that they ask for', async (t) => {
  const promtool = await requireProgram(t, 'promtool')
  if (promtool === null) return
  t.same(scraped(t, promtool, 'prometheus.kubernetes-annotations.yml'), [
    target('ours', '10.0.0.1:5001'),
    target('ours-sidecar', '10.0.0.2:5001', '/numbers'),
    target('ours-v6', '[fd00::1]:5001'),
    target('ours-v6-sidecar', '[fd00::2]:5001')
  ])
})
