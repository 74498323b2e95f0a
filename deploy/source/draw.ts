import { existsSync, mkdtempSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { parseDuration } from '../../src/config/units.ts'
import { readDashboard } from './dashboards/dashboard-file.ts'
import { takePicture } from './draw/chromium.ts'
import { DrawFault } from './draw/draw-fault.ts'
import { createPage, type Page } from './draw/page.ts'
import { lastSeconds, queryPanels, type TimeRange } from './draw/series.ts'

interface Order {
  prometheus: string
  browser: string
  range: TimeRange
  /** Where the dashboards are, and which of them to draw. */
  folder: string
  names: string[]
}

function parseOptions () {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        prometheus: { type: 'string', default: 'http://127.0.0.1:9090' },
        range: { type: 'string', default: '15m' },
        dashboards: { type: 'string', default: path.join(import.meta.dirname, '..', 'grafana', 'dashboards') },
        browser: { type: 'string', default: 'chromium' }
      }
    })
  } catch (error) {
    throw error instanceof TypeError ? new DrawFault(error.message) : error
  }
}

/** @throws {DrawFault} for what can't be meant */
function readOrder (): Order {
  const { values: { prometheus, browser, range, dashboards: folder }, positionals } = parseOptions()
  const rangeMs = parseDuration(range)
  if (rangeMs === null || rangeMs < 1000) throw new DrawFault(`The range must be a duration such as 15m, not ${range}`)
  if (!existsSync(folder)) throw new DrawFault(`There is no folder ${folder}`)
  const known = readdirSync(folder).filter((file) => file.endsWith('.json')).map((file) => path.parse(file).name)
  const unknown = positionals.find((name) => !known.includes(name))
  if (unknown !== undefined) throw new DrawFault(`There is no dashboard ${unknown}, but there are ${known.join(', ')}`)
  return { prometheus, browser, range: lastSeconds(rangeMs / 1000), folder, names: positionals.length === 0 ? known : positionals }
}

async function draw ({ prometheus, browser, range, folder, names }: Order): Promise<void> {
  const pages: Array<[name: string, page: Page]> = []
  for (const name of names) {
    const dashboard = readDashboard(path.join(folder, `${name}.json`))
    pages.push([name, createPage(dashboard, await queryPanels(prometheus, dashboard, range), range)])
  }
  const pictures = mkdtempSync(path.join(tmpdir(), 'dashboards-'))
  for (const [name, page] of pages) console.log(await takePicture(browser, pictures, name, page))
}

try {
  await draw(readOrder())
} catch (error) {
  if (!(error instanceof DrawFault)) throw error
  console.error(error.message)
  process.exitCode = 1
}
