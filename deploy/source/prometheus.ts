import { ALERTMANAGER, SCRAPE_INTERVAL, TARGET, type Names } from './names.ts'

export const RULE_FILES = ['rules/mcp-dust-server.rules.yml', 'rules/mcp-dust-server.alerts.yml']

/** What every Prometheus that watches the service has: its rules, its Alertmanager, itself, and where the service is. */
export function prometheusConfig ({ job, metricsPath }: Names, service: Record<string, unknown>) {
  return {
    global: { scrape_interval: '15s', evaluation_interval: '15s', scrape_timeout: '10s' },
    alerting: { alertmanagers: [{ static_configs: [{ targets: [ALERTMANAGER] }] }] },
    rule_files: RULE_FILES,
    scrape_configs: [
      { job_name: 'prometheus', static_configs: [{ targets: ['localhost:9090'] }] },
      { metrics_path: metricsPath, scrape_interval: SCRAPE_INTERVAL, job_name: job, ...service }
    ]
  }
}

/** The service at a fixed address, as in a compose network. */
export function staticPrometheus (names: Names) {
  return prometheusConfig(names, { static_configs: [{ targets: [TARGET] }] })
}
