import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { DashboardFile, PanelFile } from '../dashboards/dashboard-file.ts'
import { drawCharts } from './charts.ts'
import type { Drawing, Size } from './drawing.ts'
import { formatValue } from './format.ts'
import { graphPanel } from './graph-panel.ts'
import { heatmapPanel } from './heatmap-panel.ts'
import { escapeHtml } from './html.ts'
import type { Series, TimeRange } from './series.ts'
import { statPanel } from './stat-panel.ts'
import { tablePanel } from './table-panel.ts'

export interface Page extends Size {
  html: string
}

/** Grafana's grid: 24 columns, and rows of a fixed height. */
const WIDTH = 1600
const COLUMN_WIDTH = WIDTH / 24
const ROW_HEIGHT = 34
const HEADER_HEIGHT = 40
const GAP = 4
const TITLE_HEIGHT = 24
const PADDING = 8

const STYLE = `
body { margin: 0; background: #111217; color: #ccccdc; font: 12px sans-serif }
h1 { margin: 0; padding: 10px 12px; font-size: 16px; font-weight: normal }
.panel, .row { position: absolute; box-sizing: border-box; overflow: hidden }
.panel { background: #181b1f; border: 1px solid #2c2e33; padding: 0 ${PADDING}px }
.row { padding: 8px; font-size: 14px }
.title { height: ${TITLE_HEIGHT}px; line-height: ${TITLE_HEIGHT}px; white-space: nowrap }
.legend { overflow: hidden; line-height: 18px }
.legend span { margin-right: 12px; white-space: nowrap; display: inline-block }
.legend i { display: inline-block; width: 12px; height: 3px; margin-right: 5px; vertical-align: middle }
.stat { font-size: 34px; text-align: center; padding-top: 18px }
.empty { text-align: center; padding-top: 70px; color: #8e8e9a }
table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 4px 6px; border-bottom: 1px solid #2c2e33 }
th { color: #6e9fff; font-weight: normal }
`

/** A dashboard as a page that needs nothing but itself. */
export function createPage ({ title, panels }: DashboardFile, seriesOf: ReadonlyMap<PanelFile, Series[]>, range: TimeRange): Page {
  const drawings = panels.map((panel) => drawBox(panel, seriesOf.get(panel) ?? [], range))
  const boxes = drawings.map(({ html }) => html)
  const charts = drawings.flatMap(({ chart }) => chart ?? [])
  return {
    width: WIDTH,
    height: HEADER_HEIGHT + Math.max(...panels.map(({ gridPos: { y, h } }) => y + h)) * ROW_HEIGHT,
    html: `<!doctype html><meta charset="utf-8"><style>${library('uPlot.min.css')}${STYLE}</style>
<h1>${escapeHtml(title)}</h1>${boxes.join('\n')}
<script>${library('uPlot.iife.min.js')}</script>
<script>(${drawCharts})(${JSON.stringify(charts)}, {
  plot: (options, data, id) => new uPlot(options, data, document.getElementById(id)),
  format: ${formatValue}
})</script>`
  }
}

/** The place of a panel, or the heading of a row, and what is in it. */
function drawBox (panel: PanelFile, series: Series[], range: TimeRange): Drawing {
  const { x, y, w, h } = panel.gridPos
  const size = { width: w * COLUMN_WIDTH - GAP, height: h * ROW_HEIGHT - GAP }
  const box = `style="left:${x * COLUMN_WIDTH}px;top:${HEADER_HEIGHT + y * ROW_HEIGHT}px;width:${size.width}px;height:${size.height}px"`
  if (panel.type === 'row') return { html: `<div class="row" ${box}>${escapeHtml(panel.title)}</div>` }
  const inside = { width: size.width - 2 * PADDING - 2, height: size.height - TITLE_HEIGHT - PADDING }
  const drawing = drawPanel(panel, series, range, inside)
  return { ...drawing, html: `<div class="panel" ${box}><div class="title">${escapeHtml(panel.title)}</div>${drawing.html}</div>` }
}

function drawPanel (panel: PanelFile, series: Series[], range: TimeRange, size: Size): Drawing {
  if (panel.type === 'stat') return { html: statPanel(panel, series) }
  if (series.length === 0) return { html: '<div class="empty">No data</div>' }
  if (panel.type === 'table') return { html: tablePanel(panel, series) }
  if (panel.type === 'heatmap') return { html: heatmapPanel(panel, series, range, size) }
  return graphPanel(panel, series, range, size)
}

function library (file: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(`uplot/dist/${file}`), 'utf8')
}
