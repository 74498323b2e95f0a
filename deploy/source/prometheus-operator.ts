import type { IPodMonitor, IPrometheusRule } from '@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1'
import { OBJECT, POD, type Names } from './names.ts'
import { createRules } from './rules.ts'

/** Has the operator's Prometheus scrape the service's pods, under the job that the rules speak of. */
export function podMonitor ({ job, metricsPath }: Names): IPodMonitor {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PodMonitor',
    metadata: OBJECT,
    spec: {
      selector: { matchLabels: OBJECT.labels },
      podMetricsEndpoints: [{
        port: POD.port,
        path: metricsPath,
        interval: '10s',
        relabelings: [
          { targetLabel: 'job', replacement: job },
          { sourceLabels: ['__meta_kubernetes_pod_node_name'], targetLabel: 'node' }
        ]
      }]
    }
  }
}

/** The rules of `prometheus/rules/` as the operator takes them. */
export function prometheusRule (names: Names): IPrometheusRule {
  const { recording, alerts } = createRules(names)
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: OBJECT,
    spec: { groups: [...recording, ...alerts] }
  }
}
