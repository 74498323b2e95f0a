import { POD, type Names } from './names.ts'
import { prometheusConfig } from './prometheus.ts'

interface Relabelling {
  source_labels: string[]
  action?: string
  regex?: string
  target_label?: string
  replacement?: string
}

const META = '__meta_kubernetes'

/** Only the service's own pods: an annotation alone would bring in whatever else of the cluster has it, under our job. */
const KEEP_OWN: Relabelling = { source_labels: [`${META}_pod_label_app_kubernetes_io_name`], action: 'keep', regex: POD.app }

/** A finished pod keeps its address in the API, where by now somebody else may answer. */
const DROP_FINISHED: Relabelling = { source_labels: [`${META}_pod_phase`], action: 'drop', regex: 'Pending|Succeeded|Failed' }

/** Chosen labels rather than all of the pod's, some of which change with every rollout, and one might be called `instance`. */
const PLACE: Relabelling[] = [
  { source_labels: [`${META}_namespace`], target_label: 'namespace' },
  { source_labels: [`${META}_pod_name`], target_label: 'pod' },
  { source_labels: [`${META}_pod_node_name`], target_label: 'node' }
]

/** Pods by their label `app.kubernetes.io/name` and the name of their port. */
export function kubernetesPrometheus (names: Names) {
  return prometheusConfig(names, {
    kubernetes_sd_configs: [{ role: 'pod' }],
    relabel_configs: [
      KEEP_OWN,
      { source_labels: [`${META}_pod_container_port_name`], action: 'keep', regex: POD.port },
      DROP_FINISHED,
      ...PLACE
    ]
  })
}

/** Pods by the annotations `prometheus.io/scrape`, `/path` and `/port`, for clusters that work with these. */
export function annotatedKubernetesPrometheus (names: Names) {
  const annotation = (name: string): string => `${META}_pod_annotation_prometheus_io_${name}`
  const address = [`${META}_pod_ip`, annotation('port')]
  return prometheusConfig(names, {
    kubernetes_sd_configs: [{ role: 'pod' }],
    relabel_configs: [
      KEEP_OWN,
      { source_labels: [annotation('scrape')], action: 'keep', regex: 'true' },
      DROP_FINISHED,
      { source_labels: [annotation('path')], regex: '(.+)', target_label: '__metrics_path__' },
      // Colons of an IPv6 address need brackets before that of the port.
      { source_labels: address, regex: '([^:;]+);(\\d+)', replacement: '$1:$2', target_label: '__address__' },
      { source_labels: address, regex: '([^;]*:[^;]*);(\\d+)', replacement: '[$1]:$2', target_label: '__address__' },
      ...PLACE
    ]
  })
}
