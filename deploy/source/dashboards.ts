import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { agentsDashboard } from './dashboards/agents.ts'
import { createDashboard } from './dashboards/dashboard.ts'
import { httpDashboard } from './dashboards/http.ts'
import { overviewDashboard } from './dashboards/overview.ts'
import { runtimeDashboard } from './dashboards/runtime.ts'
import { sessionsDashboard } from './dashboards/sessions.ts'
import type { Names } from './names.ts'

const SOURCES = {
  overview: overviewDashboard,
  http: httpDashboard,
  sessions: sessionsDashboard,
  agents: agentsDashboard,
  runtime: runtimeDashboard
}

/** Every dashboard, by the name of its file. */
export function createDashboards (names: Names): Array<[slug: string, dashboard: Dashboard]> {
  return Object.entries(SOURCES).map(([slug, source]) => [slug, createDashboard(names, slug, source(names))])
}
