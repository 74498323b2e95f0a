import { mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { parseDuration } from '../../src/config/units.ts'
import { readDashboard } from './dashboards/dashboard-file.ts'
import { takePicture } from './draw/chromium.ts'
import { createPage } from './draw/page.ts'
import { lastSeconds, queryPanels } from './draw/series.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prometheus: { type: 'string', default: 'http://127.0.0.1:9090' },
    range: { type: 'string', default: '15m' },
    dashboards: { type: 'string', default: path.join(import.meta.dirname, '..', 'grafana', 'dashboards') },
    browser: { type: 'string', default: 'chromium' }
  }
})

const rangeMs = parseDuration(values.range)
if (rangeMs === null || rangeMs < 1000) throw new Error(`The range must be a duration such as 15m, not ${values.range}`)

const folder = mkdtempSync(path.join(tmpdir(), 'dashboards-'))
const files = readdirSync(values.dashboards).filter((file) => file.endsWith('.json')).map((file) => path.parse(file).name)
const range = lastSeconds(rangeMs / 1000)

// Those that are named, or all.
for (const name of positionals.length === 0 ? files : positionals) {
  const dashboard = readDashboard(path.join(values.dashboards, `${name}.json`))
  const page = createPage(dashboard, await queryPanels(values.prometheus, dashboard, range), range)
  console.log(await takePicture(values.browser, folder, name, page))
}
