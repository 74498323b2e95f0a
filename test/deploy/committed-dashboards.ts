import { readdirSync } from 'node:fs'
import path from 'node:path'
import { readDashboard, type DashboardFile } from '../../deploy/source/dashboards/dashboard-file.ts'
import { DEPLOY } from './run-program.ts'

const FOLDER = path.join(DEPLOY, 'grafana', 'dashboards')

/** Every dashboard as it is in the repository, read anew. */
export function committedDashboards (): DashboardFile[] {
  return readdirSync(FOLDER).filter((file) => file.endsWith('.json')).map((file) => readDashboard(path.join(FOLDER, file)))
}
